/**
 * Where the members of a ring write what each of them is asked for most, and read what the others have written: a view of
 * the bus, with one value for each member. Of others' clocks nothing is asked; what counts is when something new was heard.
 */
import { z } from 'zod';
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { Load } from './rule.ts';
import { toldKeys } from './tally.ts';

export interface Board {
  /** Replaces what this member said before. */
  say(loads: ReadonlyMap<string, Load>): void;
  /** What all members together do for each key, as far as they have been heard of lately. */
  sums(): ReadonlyMap<string, Load>;
  close(): Promise<void>;
}

export interface BoardOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** A word of letters, digits and inner dashes. */
  readonly ring: string;
  readonly member: string;
  /** What a member said longer ago does not count. */
  readonly silentMs: () => number;
}

const said = z.array(z.tuple([z.string(), z.number().nonnegative(), z.number().nonnegative()])).max(toldKeys);
/** Members that are listened to. */
const mostMembers = 4096;

interface Heard {
  readonly revision: number;
  /** `null`: it was written before this member listened, nobody knows when. */
  readonly atMs: number | null;
  readonly loads: ReadonlyMap<string, Load>;
}

export function openBoard({ bus, clock, ring, member, silentMs }: BoardOptions): Board {
  const view = bus.view(`hot-${ring}`);
  const heard = new Map<string, Heard>();
  let own: ReadonlyMap<string, Load> = new Map();
  let isListening = false;
  let hasWritten = false;

  const watching = view.watch({
    changed({ key, value, revision }) {
      const known = heard.get(key);
      // After a lost connection, all that is there is told again.
      if (key === member || known?.revision === revision) return;
      const { data } = said.safeParse(value);
      if (data === undefined) heard.delete(key);
      else if (known || heard.size < mostMembers)
        heard.set(key, { revision, atMs: isListening ? clock.elapsed() : null, loads: loadsOf(data) });
    },
    caughtUp() {
      isListening = true;
    },
  });

  return {
    say(loads) {
      const isNews = loads.size > 0 || own.size > 0;
      own = loads;
      if (!isNews) return;
      hasWritten = true;
      const written = [...loads].map(([key, { perSecond, cpu }]) => [key, perSecond, cpu]);
      // Cut off from the bus, a member goes by what it knows itself: the next time is soon.
      view.put(member, written).catch(() => undefined);
    },
    sums() {
      const sums = new Map(own);
      const oldestMs = clock.elapsed() - silentMs();
      for (const [, { atMs, loads }] of heard) {
        if (atMs === null || atMs < oldestMs) continue;
        for (const [key, load] of loads) sums.set(key, plus(sums.get(key), load));
      }
      return sums;
    },
    async close() {
      watching.close();
      if (!hasWritten) return;
      // Nobody counts on it from now on; where the bus cannot be reached, they find out by themselves.
      await view.delete(member).catch(() => undefined);
    },
  };
}

function loadsOf(data: z.output<typeof said>): ReadonlyMap<string, Load> {
  return new Map(data.map(([key, perSecond, cpu]) => [key, { perSecond, cpu }]));
}

function plus(sum: Load | undefined, { perSecond, cpu }: Load): Load {
  return sum ? { perSecond: sum.perSecond + perSecond, cpu: sum.cpu + cpu } : { perSecond, cpu };
}
