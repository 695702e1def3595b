/**
 * Goes through a tree of dependencies as a client would: what it wants first, what that needs, and so on, each thing once, several at a
 * time, beside whatever else the node has to do, and no longer than is of use to anybody.
 */
import type { Clock } from '../clock.ts';
import type { Foreseen, Plan } from '../foresight.ts';
import { restOf } from './turn.ts';

/** What a client asks for who wants one thing, and what that needs in turn. */
export interface Step<Want> {
  readonly foreseen: readonly Foreseen[];
  readonly wants: readonly Want[];
}

export interface WalkOptions<Want> {
  /** What is wanted twice under one name is the same. */
  idOf(want: Want): string;
  /** Fails where nothing can be found out about it: then nothing is foreseen of this, and the rest goes on. */
  expand(want: Want): Promise<Step<Want>>;
  readonly clock: Clock;
  /** How many are looked at at once. */
  readonly atOnce?: number;
  /** Requests that are foreseen, all together. */
  readonly mostForeseen?: number;
  /** Things that are looked at, all together: of some, nothing is foreseen. */
  readonly mostLooked?: number;
  /** ms; what is known by then is what is told. */
  readonly withinMs?: number;
  /** Nobody waits any more. */
  readonly signal?: AbortSignal;
}

/** As long as a walk may take, unless something else is said. */
export const walkMs = 4_000;

/** The largest trees that people install have some 3,000 packages, with a document and a file each. */
const mostForeseen = 8_000;
const mostLooked = 20_000;
const atOnce = 32;

interface Visit<Want> {
  readonly want: Want;
  foreseen: readonly Foreseen[];
}

/**
 * @param last what is wanted only once all the rest is known; nothing unless said. What is foreseen several times stands where it is wanted first,
 * as whoever is surest of it says.
 */
export async function walk<Want>(
  first: readonly Want[],
  options: WalkOptions<Want>,
  last: () => readonly Foreseen[] | Promise<readonly Foreseen[]> = () => [],
): Promise<Plan> {
  const { idOf, expand, clock, signal } = options;
  const rest = restOf(clock);
  const most = options.mostForeseen ?? mostForeseen;
  const looked = options.mostLooked ?? mostLooked;
  const known = new Set<string>();
  const visits: Visit<Want>[] = [];
  let begun = 0;
  let count = 0;
  let isOver = false;
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  let underWay = 0;

  function add(wants: readonly Want[]): void {
    for (const want of wants) {
      const id = idOf(want);
      if (known.has(id)) continue;
      known.add(id);
      visits.push({ want, foreseen: [] });
    }
  }

  async function look(visit: Visit<Want>): Promise<void> {
    try {
      await rest();
      if (isOver) return;
      const step = await expand(visit.want);
      if (isOver) return;
      visit.foreseen = step.foreseen;
      count += step.foreseen.length;
      add(step.wants);
    } catch {
      // Nothing is foreseen of it. Whoever asks for it hears what is wrong.
    }
  }

  function goOn(): void {
    const atMost = options.atOnce ?? atOnce;
    while (!isOver && underWay < atMost && begun < Math.min(visits.length, looked) && count < most) {
      underWay++;
      void look(visits[begun++]!).finally(() => {
        underWay--;
        goOn();
      });
    }
    if (underWay === 0) end();
  }

  const cancel = clock.after(options.withinMs ?? walkMs, end);
  const stop = () => end();
  signal?.addEventListener('abort', stop, { once: true });
  add(first);
  if (signal?.aborted) end();
  else goOn();
  await over;
  cancel();
  signal?.removeEventListener('abort', stop);
  isOver = true;
  const isWhole = underWay === 0 && begun === visits.length;
  const ended = await endOf(last);
  const told = [...visits.map((visit) => visit.foreseen), ended ?? []];
  const foreseen = await once(told, rest);
  return { foreseen: foreseen.slice(0, most), isWhole: isWhole && ended !== null && foreseen.length <= most };
}

/** `null`: it cannot be told. */
async function endOf(
  last: () => readonly Foreseen[] | Promise<readonly Foreseen[]>,
): Promise<readonly Foreseen[] | null> {
  try {
    return await last();
  } catch {
    return null; // What was found before is of use without it.
  }
}

/** A row takes a microsecond. */
const rowsAtOnce = 500;

async function once(
  all: readonly (readonly Foreseen[])[],
  rest: () => Promise<void>,
): Promise<readonly Foreseen[]> {
  const found = new Map<string, Foreseen>();
  let rows = 0;
  for (const own of all)
    for (const each of own) {
      if (++rows % rowsAtOnce === 0) await rest();
      const key = `${each.target} ${each.accept ?? ''}`;
      const known = found.get(key);
      // A key stays where it was put first.
      if (known === undefined || (each.likelihood ?? 1) > (known.likelihood ?? 1)) found.set(key, each);
    }
  return [...found.values()];
}
