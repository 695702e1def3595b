/** At the origin: what somebody asks for next who has asked for a package: its documents and files, and those of all that it needs. */
import type { Clock } from '../../../clock.ts';
import type { Foreseen, Plan } from '../../../foresight.ts';
import type { Foreseeing } from '../../../protocol.ts';
import { walk } from '../../walk.ts';
import type { NpmOrigin } from '../origin.ts';
import { type Question, readQuestion } from './clue.ts';
import { expander, type Want } from './expand.ts';
import { type Beginning, beginningsOf, likelihoodOfDocument } from './likelihood.ts';
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
  readonly clock: Clock;
  /** By `clock.elapsed()`. */
  readonly endMs: number;
  /** Nobody waits any more. */
  readonly signal: AbortSignal;
}

export async function foresee(
  npm: NpmOrigin,
  remembered: Remembered,
  text: string,
  at: Foreseeing,
): Promise<Plan> {
  const { clock } = npm;
  const question = readQuestion(text);
  const shelf = openShelf(npm, remembered, question, at);
  const picker = await shelf.load(question.name);
  if (picker === null) return { foreseen: [], isWhole: true };
  const found: Found = {
    ...{ question, picker, clock, endMs: clock.elapsed() + withinMs, signal: at.ask.signal },
  };
  const isPlaced = question.client.tool === 'npm' && question.locked === null;
  const plans: Plan[] = [];
  for (const begun of beginningsOf(picker, question.locked, shelf, clock.now())) {
    const own = shelfFor(begun, shelf, plans.length === 0);
    plans.push(await (isPlaced ? asNpm(found, begun, own) : stepByStep(found, begun, own)));
  }
  return {
    foreseen: [...together(plans), ...shelf.restricted()],
    isWhole: plans.every(({ isWhole }) => isWhole),
  };
}

/** Whatever version it is, most documents are the same: those of the likeliest are not waited with. */
function shelfFor({ confidence, once }: Beginning, shelf: Shelf, isFirst: boolean): Shelf {
  if (once === undefined) return shelf;
  const atMost = likelihoodOfDocument(confidence);
  return {
    ...shelf,
    file: (...args) => ({ ...shelf.file(...args), once }),
    document(name, likelihood) {
      if (isFirst) return shelf.document(name, Math.min(likelihood, atMost));
      return { ...shelf.document(name, likelihood), once };
    },
  };
}

/** Once it is shown that it is this tree. */
const likelyShown = 0.9;

function likelihoodOf({ confidence, once }: Beginning): number {
  return once === undefined ? confidence : likelyShown;
}

async function asNpm(
  { question: { client }, picker, clock, endMs, signal }: Found,
  begun: Beginning,
  shelf: Shelf,
): Promise<Plan> {
  const likelihood = likelihoodOf(begun);
  const tree = await placeAsNpm(
    { picker, at: begun.at },
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
    foreseen.push(shelf.document(each, likelihoodOfDocument(likelihood)));
  }
  // What it has put into its tree last is fetched first.
  for (const placed of tree.installed.toReversed()) {
    await shelf.rest();
    foreseen.push(shelf.file(placed.picker, placed.at, likelihood));
  }
  return { foreseen, isWhole: tree.isWhole };
}

async function stepByStep(
  { question, picker, clock, endMs, signal }: Found,
  begun: Beginning,
  shelf: Shelf,
): Promise<Plan> {
  const { step, left, files } = expander(question, shelf, clock.now());
  const range = picker.choices.versions[begun.at]![0];
  const idOf = ({ name, range, isForOthers = false }: Want) => `${name} ${range} ${isForOthers}`;
  const plans: Plan[] = [];
  let wants: readonly Want[] = [{ name: question.name, range, confidence: likelihoodOf(begun) }];
  while (wants.length > 0 && plans.length < mostRounds) {
    plans.push(
      await walk(wants, {
        clock,
        idOf,
        expand: step,
        withinMs: Math.max(1, endMs - clock.elapsed()),
        signal,
      }),
    );
    wants = left();
  }
  return {
    foreseen: [...plans.flatMap(({ foreseen }) => foreseen), ...files()],
    isWhole: plans.every((plan) => plan.isWhole),
  };
}

/** Each once, where it is wanted first. What several trees have is shown by whatever shows any of them; what all have need not be shown. */
function together(plans: readonly Plan[]): readonly Foreseen[] {
  const found = new Map<
    string,
    { readonly row: Foreseen; readonly of: Set<Plan>; signs: Set<string> | null }
  >();
  for (const plan of plans) {
    for (const row of plan.foreseen) {
      const { target, once } = row;
      const known = found.get(target);
      if (known === undefined)
        found.set(target, { row, of: new Set([plan]), signs: once ? new Set(once) : null });
      else {
        known.of.add(plan);
        known.signs = known.signs && once ? known.signs.union(new Set(once)) : null;
      }
    }
  }
  const isAlways = (of: ReadonlySet<Plan>) => plans.length > 1 && of.size === plans.length;
  return [...found.values()].map(({ row, of, signs }) =>
    signs === null || isAlways(of) ? { ...row, once: undefined } : { ...row, once: [...signs] },
  );
}
