/**
 * The hot objects of a ring, as one of its members knows them. Every few seconds it tells the others what its own memory is
 * asked for most, and works out the list from what all have said (`rule.ts`).
 */
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { openBoard } from './board.ts';
import { type HotObject, type HotRule, hotObjects, type Load, lookAgain, nothingKnown } from './rule.ts';
import type { Counted, Tally } from './tally.ts';

export interface Hot {
  readonly list: ReadonlyMap<string, HotObject>;
  close(): Promise<void>;
}

/** What a worker has done since it began. */
export interface Work {
  /** Requests that it has answered itself. */
  readonly requests: number;
  readonly cpuMs: number;
}

export interface HotSettings extends HotRule {
  /** Between two looks. */
  readonly everyS: number;
}

export interface HotOptions {
  /** What this worker's memory is asked for. */
  readonly tally: Tally;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly ring: string;
  readonly member: string;
  /** `null`: none shall be hot for now. */
  readonly settings: () => HotSettings | null;
  readonly work: () => Work;
  /** The list is another one. */
  readonly changed: (list: ReadonlyMap<string, HotObject>) => void;
}

const none: ReadonlyMap<string, HotObject> = new Map();
/** Without settings, it is looked again so often whether there are some. */
const restS = 5;
/** Of a member that says nothing for so many looks, nothing is known any more. */
const silentLooks = 3;
/** What is less than this part of any threshold is not worth telling. */
const worthTelling = 0.01;

export function openHot(options: HotOptions): Hot {
  const { tally, clock, settings, work, changed } = options;
  const everyMs = () => (settings()?.everyS ?? restS) * 1000;
  const board = openBoard({ ...options, silentMs: () => everyMs() * silentLooks });
  let known = nothingKnown;
  let list = none;
  let before = { ...work(), atMs: clock.elapsed() };
  let cancel = clock.after(everyMs(), look);

  function look(): void {
    cancel = clock.after(everyMs(), look);
    const now = { ...work(), atMs: clock.elapsed() };
    const rule = settings();
    const taken = tally.take();
    board.say(rule ? loads(taken, now, rule) : new Map());
    before = now;
    known = rule ? lookAgain(known, board.sums(), now.atMs, rule) : nothingKnown;
    const next = new Map(hotObjects(known).map((object) => [object.key, object]));
    const isOther = next.size !== list.size || [...next.keys()].some((key) => !list.has(key));
    list = next;
    if (isOther) changed(list);
  }

  /** What a worker does for a key is taken to be its share of the worker's requests, and of its processor time. */
  function loads(taken: Counted, now: typeof before, rule: HotRule): ReadonlyMap<string, Load> {
    const ms = Math.max(1, now.atMs - before.atMs);
    const requests = Math.max(1, now.requests - before.requests);
    const busy = (now.cpuMs - before.cpuMs) / ms;
    const told = taken.map(([key, uses]) => {
      const cpu = busy * Math.min(1, uses / requests);
      return [key, { perSecond: rounded((uses * 1000) / ms), cpu: rounded(cpu) }] as const;
    });
    return new Map(told.filter(([, load]) => isWorthTelling(load, rule)));
  }

  return {
    get list() {
      return settings() === null ? none : list;
    },
    close() {
      cancel();
      return board.close();
    },
  };
}

function isWorthTelling({ perSecond, cpu }: Load, rule: HotRule): boolean {
  const least = Math.min(rule.perSecond, rule.viralPerSecond, rule.risingFromPerSecond);
  return perSecond >= least * worthTelling || cpu * 100 >= rule.cpuPercent * worthTelling;
}

/** To thousandths: rates are no more exact, and texts shorter. */
function rounded(number: number): number {
  return Math.round(number * 1000) / 1000;
}
