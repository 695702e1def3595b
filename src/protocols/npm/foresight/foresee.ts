/** At the origin: what somebody asks for next who has asked for a package: its documents and files, and those of all that it needs. */
import type { Clock } from '../../../clock.ts';
import type { Foreseen, Plan } from '../../../foresight.ts';
import type { Foreseeing } from '../../../protocol.ts';
import { walk } from '../../walk.ts';
import type { NpmOrigin } from '../origin.ts';
import { type Question, readQuestion } from './clue.ts';
import { expander, type Want } from './expand.ts';
import { type Beginning, beginningOf, likelihoodOfDocument } from './likelihood.ts';
import type { Picker } from './pick.ts';
import { placeAsNpm } from './placing.ts';
import type { Remembered } from './remembered.ts';
import { openShelf, type Shelf } from './shelf.ts';

/** Peers of peers are found in rounds. */
const mostRounds = 4;
/** What is known by then is what is told. */
const withinMs = 4_000;

interface Found {
  readonly question: Question;
  readonly picker: Picker;
  readonly begun: Beginning;
  readonly shelf: Shelf;
  readonly clock: Clock;
  /** Nobody waits any more. */
  readonly signal: AbortSignal;
}

export async function foresee(
  npm: NpmOrigin,
  remembered: Remembered,
  text: string,
  at: Foreseeing,
): Promise<Plan> {
  const question = readQuestion(text);
  const shelf = openShelf(npm, remembered, question, at);
  const picker = await shelf.load(question.name);
  const begun = picker && beginningOf(picker, question.locked, shelf);
  if (picker === null || begun === null) return { foreseen: [], isWhole: true };
  const found: Found = { question, picker, begun, shelf, clock: npm.clock, signal: at.ask.signal };
  const isPlaced = question.client.tool === 'npm' && question.locked === null;
  const { foreseen, isWhole } = await (isPlaced ? asNpm(found) : stepByStep(found));
  return { foreseen: once(foreseen), isWhole };
}

async function asNpm({ question: { client }, picker, begun, shelf, clock, signal }: Found): Promise<Plan> {
  const { at, confidence } = begun;
  const endMs = clock.elapsed() + withinMs;
  const tree = await placeAsNpm(
    { picker, at },
    {
      client,
      load: shelf.find,
      at: shelf.at,
      rest: shelf.rest,
      isOver: () => signal.aborted || clock.elapsed() >= endMs,
    },
  );
  const foreseen: Foreseen[] = [];
  for (const each of tree.asked) {
    await shelf.rest();
    foreseen.push(shelf.document(each, likelihoodOfDocument(confidence)));
  }
  for (const placed of tree.installed) {
    await shelf.rest();
    foreseen.push(shelf.file(placed.picker, placed.at, confidence));
  }
  return { foreseen, isWhole: tree.isWhole };
}

async function stepByStep({ question, picker, begun, shelf, clock, signal }: Found): Promise<Plan> {
  const { step, left, files } = expander(question, shelf, clock.now());
  const range = picker.choices.versions[begun.at]![0];
  const idOf = ({ name, range, isForOthers = false }: Want) => `${name} ${range} ${isForOthers}`;
  const plans: Plan[] = [];
  let wants: readonly Want[] = [{ name: question.name, range, confidence: begun.confidence }];
  while (wants.length > 0 && plans.length < mostRounds) {
    plans.push(await walk(wants, { clock, idOf, expand: step, withinMs, signal }));
    wants = left();
  }
  return {
    foreseen: [...plans.flatMap(({ foreseen }) => foreseen), ...files()],
    isWhole: plans.every((plan) => plan.isWhole),
  };
}

function once(all: readonly Foreseen[]): readonly Foreseen[] {
  const known = new Set<string>();
  return all.filter(({ target }) => !known.has(target) && known.add(target));
}
