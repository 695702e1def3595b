/**
 * How far a tree is resolved: what is asked of each project, and which versions are pinned. Changes are written down, so that they can be taken back
 * when they turn out to lead nowhere.
 */
import type { Candidate } from './candidates.ts';
import { type Asked, type Criterion, satisfies } from './criteria.ts';

export interface Resolution {
  /** By the names of `nameOf`. */
  readonly criteria: ReadonlyMap<string, Criterion>;
  readonly pins: ReadonlyMap<string, Candidate>;
  set(name: string, criterion: Criterion): void;
  pin(name: string, candidate: Candidate): void;
  /** How much has been changed so far, for `undo`. */
  readonly changes: number;
  undo(to: number): void;
  /** What is to be pinned next; `null`: nothing is left. */
  next(): string | null;
  /** What did not go together: that is pinned first from now on. */
  blame(names: ReadonlySet<string>): void;
}

/** In the order of texts: what is pinned first comes first. */
type Preference = string;

type Change =
  | { readonly of: 'criterion'; readonly name: string; readonly before: Criterion | undefined }
  | { readonly of: 'pin'; readonly name: string; readonly before: Candidate | undefined };

/**
 * @param requested names of what the user wants, in his order.
 * @param isPending whether the index of a project is not known yet: it is not pinned.
 */
export function openResolution(
  requested: ReadonlyMap<string, number>,
  isPending: (project: string) => boolean,
): Resolution {
  const criteria = new Map<string, Criterion>();
  const pins = new Map<string, Candidate>();
  const journal: Change[] = [];
  /** Names of what has to be pinned, and how urgent it is, where that is known. */
  const open = new Map<string, Preference | null>();
  const depths = new Map<string, number>();
  let causes: ReadonlySet<string> = new Set();

  function look(name: string): void {
    const criterion = criteria.get(name);
    const pinned = pins.get(name);
    const isDone =
      criterion === undefined ||
      isPending(criterion.project) ||
      (pinned !== undefined && (pinned === criterion.best || satisfies(pinned, criterion.asked)));
    if (isDone) open.delete(name);
    else open.set(name, null);
  }

  function put<Value>(values: Map<string, Value>, name: string, value: Value | undefined): void {
    if (value === undefined) values.delete(name);
    else values.set(name, value);
    look(name);
  }

  return {
    ...{ criteria, pins },
    set(name, criterion) {
      journal.push({ of: 'criterion', name, before: criteria.get(name) });
      put(criteria, name, criterion);
    },
    pin(name, candidate) {
      journal.push({ of: 'pin', name, before: pins.get(name) });
      // Whatever is pinned last stands last.
      pins.delete(name);
      put(pins, name, candidate);
    },
    get changes() {
      return journal.length;
    },
    undo(to) {
      for (const change of journal.splice(to).reverse()) {
        if (change.of === 'pin') put(pins, change.name, change.before);
        else put(criteria, change.name, change.before);
      }
    },
    next() {
      let best: string | null = null;
      let bestBy: Preference = '';
      for (const [name, known] of open) {
        const by =
          known ?? preferenceOf(name, criteria.get(name)?.asked ?? [], { requested, causes, depths });
        if (known === null) open.set(name, by);
        if (best !== null && by >= bestBy) continue;
        best = name;
        bestBy = by;
      }
      return best;
    },
    blame(names) {
      causes = names;
      for (const name of open.keys()) open.set(name, null);
    },
  };
}

interface Order {
  readonly requested: ReadonlyMap<string, number>;
  readonly causes: ReadonlySet<string>;
  readonly depths: Map<string, number>;
}

/** As pip's `get_preference` has it: what is certain first, then what is near to the user. */
function preferenceOf(
  name: string,
  asked: readonly Asked[],
  { requested, causes, depths }: Order,
): Preference {
  const order = requested.get(name);
  const above = asked.map(({ by }) => (by === null ? 0 : (depths.get(by) ?? 0)));
  const depth = order === undefined ? Math.min(...above) + 1 : 1;
  depths.set(name, depth);
  const operators = asked.flatMap(({ specifiers }) => specifiers.map(({ operator }) => operator));
  return [
    name === 'setuptools' ? 1 : 0,
    asked.some(({ only }) => only !== null) ? 0 : 1,
    operators.some((operator) => operator.startsWith('==')) ? 0 : 1,
    causes.has(name) ? 0 : 1,
    ...[inOrder(depth), inOrder(order ?? last), operators.length > 0 ? 0 : 1, name],
  ].join(' ');
}

const last = 99_999;

/** So that texts stand in the order of their numbers. */
function inOrder(number: number): string {
  return String(Math.min(number, last)).padStart(5, '0');
}
