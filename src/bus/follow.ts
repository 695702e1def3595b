/**
 * A subscription to a log that can be read from any place: it reads page by page, and only the page in hand is in memory. So
 * a slow subscriber costs nobody anything; one that is so slow that the log is dropped under it is told of the gap. So is one
 * that finds another event, when it begins or after a lost connection, where it heard its last one: the log has lost its end, and
 * has grown since.
 */
import { setImmediate } from 'node:timers/promises';
import type { Place, Since, Subscriber } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { type Entry, handedQueue } from './handed.ts';
import { type Extent, endOf, isCut, isMissing, startOf } from './place.ts';
import { pump } from './pump.ts';
import type { Listener } from './roster.ts';
import { type BusLog, teller } from './tell.ts';
import { digestOf } from './wire.ts';

/** Events read at once. */
const pageEvents = 256;
/** A lost bell costs no more than this. */
const idleMs = 1000;

export interface Page extends Extent {
  /** After the place that was asked for, in order. */
  readonly entries: readonly Entry[];
}

/** Which events are read: those after this sequence, or the newest alone. */
export type After = number | 'all but the last';

export interface FollowOptions {
  readonly subject: string;
  readonly since: Since;
  readonly subscriber: Subscriber;
  readonly clock: Clock;
  readonly log: BusLog;
  /** Up to `limit` events, and what the log holds, both at one moment. */
  read(subject: string, after: After, limit: number): Page | Promise<Page>;
  /** Gives the log another identity if it still has this one. Returns the one that it has now. */
  renew(subject: string, log: string): string | Promise<string>;
  /** Reading has failed; it is tried again. */
  failed(error: unknown): void;
}

export function follow(options: FollowOptions): Listener {
  const { subject, since, subscriber, clock, log, read, renew, failed } = options;
  const tell = teller(subject, subscriber, log);
  let isClosed = false;
  let place: Place | null = typeof since === 'string' ? null : since;
  /** How often a connection was made, and up to which of these the log is known to be the one that was heard. */
  let connections = 1;
  let verified = 0;
  /** The end of the log when the subscription began (again); `null` once it has been reached and told. */
  let goal: number | 'unknown' | null = 'unknown';
  const handed = handedQueue();
  /** Something was handed over since the last turn began: that is what the next one is for, unless somebody rang as well. */
  let isHanded = false;
  let isRung = false;
  let tellOfHanded = () => {};

  async function deliver(log: string, entries: readonly Entry[]): Promise<void> {
    for (const { sequence, text } of entries) {
      if (isClosed) return;
      const at = { log, sequence, digest: digestOf(text) };
      place = at;
      await tell.event(text, at);
    }
  }

  /** Returns whether there is more to read. */
  async function turnPage(): Promise<boolean> {
    const upTo = connections;
    const last = place;
    const asked = last?.sequence ?? 0;
    // What was heard last is read once more at the beginning, and after a lost connection.
    const looksBack = upTo > verified && asked > 0;
    const isEnd = last === null && since === 'now';
    const after = isEnd ? 'all but the last' : looksBack ? asked - 1 : asked;
    const page = await arrival(read(subject, after, pageEvents));
    if (isClosed) return false;
    verified = upTo;
    place ??= isEnd ? endOfPage(page) : startOf(page);
    const there = looksBack ? digestAt(asked, page) : null;
    // What was handed over meanwhile may be newer than the page.
    const isNewer = place.sequence > page.newest && page.newest >= asked;
    const known: Place = isNewer ? { ...place, sequence: page.newest, digest: null } : place;
    const isLost = isCut(looksBack && last ? last : known, page, there);
    if (isLost || isMissing(known, page)) {
      place = startOf(isLost ? { ...page, log: await renewed(page.log) } : page);
      goal = 'unknown';
      await tell.gap(place);
      return true;
    }
    if (place.sequence === asked) place = { ...place, digest: place.digest ?? there };
    if (goal === 'unknown') goal = page.newest;
    const { sequence } = place;
    await deliver(
      page.log,
      page.entries.filter((entry) => entry.sequence > sequence),
    );
    if (goal !== null && !isClosed && place.sequence >= goal) {
      goal = null;
      tell.caughtUp(place);
    }
    return page.entries.length === pageEvents;
  }

  /** What was known of the log holds no more, for nobody: it is another one from now on. */
  async function renewed(id: string): Promise<string> {
    try {
      return await renew(subject, id);
    } catch (error) {
      failed(error);
      return id;
    }
  }

  /** A page from far away takes its time: what is handed over meanwhile is delivered before it. */
  async function arrival(reading: Page | Promise<Page>): Promise<Page> {
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<null>();
      tellOfHanded = () => resolve(null);
      const page = await Promise.race([reading, promise]);
      if (page !== null) return page;
      if (place !== null && goal === null && !isClosed && !(await takeHanded())) isRung = true;
    }
  }

  /** Returns whether all that was handed over has been delivered, and nothing is missing before it. */
  async function takeHanded(): Promise<boolean> {
    while (!handed.isEmpty) {
      const entries = place === null || goal !== null ? null : handed.take(place);
      if (entries === null || place === null) {
        handed.clear();
        return false;
      }
      await deliver(place.log, entries);
      if (isClosed) return true;
    }
    return true;
  }

  const turns = pump({
    clock,
    idleMs,
    failed,
    async turn() {
      const isAllHanded = isHanded && !isRung;
      isHanded = false;
      isRung = false;
      if ((await takeHanded()) && isAllHanded) return;
      // Others want to be served between two pages.
      while ((await turnPage()) && !isClosed) await setImmediate();
    },
  });
  turns.wake();

  return {
    wake() {
      isRung = true;
      turns.wake();
    },
    hand(events) {
      if (handed.add(events)) isHanded = true;
      else isRung = true;
      tellOfHanded();
      turns.wake();
    },
    again() {
      connections++;
      isRung = true;
      goal = 'unknown';
      turns.wake();
    },
    close() {
      isClosed = true;
      turns.close();
    },
  };
}

/** `null`: it is not in this page. */
function digestAt(sequence: number, { entries }: Page): string | null {
  const entry = entries.find((each) => each.sequence === sequence);
  return entry === undefined ? null : digestOf(entry.text);
}

function endOfPage(page: Page): Place {
  return { ...endOf(page), digest: digestAt(page.newest, page) };
}
