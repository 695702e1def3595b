/** At the origin: what somebody asks for next who has asked for a package: its documents and files, and those of all that it needs. */
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

export async function foresee(
  npm: NpmOrigin,
  remembered: Remembered,
  text: string,
  at: Foreseeing,
): Promise<Plan> {
  const question = readQuestion(text);
  const shelf = openShelf(npm, remembered, question.form, at);
  const picker = await shelf.load(question.name);
  const begun = picker && beginningOf(picker, question.locked, shelf);
  if (picker === null || begun === null) return { foreseen: [], isWhole: true };

  const { step, left, files } = expander(question, shelf);
  const range = picker.choices.versions[begun.at]![0];
  const idOf = ({ name, range, isForOthers = false }: Want) => `${name} ${range} ${isForOthers}`;
  const plans: Plan[] = [];
  let wants: readonly Want[] = [{ name: question.name, range, confidence: begun.confidence }];
  while (wants.length > 0 && plans.length < mostRounds) {
    plans.push(await walk(wants, { clock: npm.clock, idOf, expand: step }));
    wants = left();
  }
  const isWhole = plans.every((plan) => plan.isWhole);
  // What is known of all packages by now, npm chooses from in its own way.
  const isPlaced = question.client.tool === 'npm' && question.locked === null;
  const foreseen = isPlaced
    ? await asNpm({ question, picker, begun, shelf })
    : [...plans.flatMap((plan) => plan.foreseen), ...files()];
  return { foreseen: once(foreseen), isWhole };
}

interface Found {
  readonly question: Question;
  readonly picker: Picker;
  readonly begun: Beginning;
  readonly shelf: Shelf;
}

async function asNpm({ question, picker, begun, shelf }: Found): Promise<readonly Foreseen[]> {
  const { client, name } = question;
  const { at, confidence } = begun;
  const { rest } = shelf;
  const tree = await placeAsNpm({ picker, at }, { client, pickerOf: shelf.at, rest });
  const documents = tree.asked.filter((each) => each !== name);
  return [
    ...documents.map((each) => shelf.document(each, likelihoodOfDocument(confidence))),
    ...tree.installed.map((placed) => shelf.file(placed.picker, placed.at, confidence)),
  ];
}

function once(all: readonly Foreseen[]): readonly Foreseen[] {
  const known = new Set<string>();
  return all.filter(({ target }) => !known.has(target) && known.add(target));
}
