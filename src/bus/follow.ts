/**
 * A subscription to a log that can be read from any place: it reads page by page, and only the page in hand is in memory. So
 * a slow subscriber costs nobody anything; one that is so slow that the log is dropped under it is told of the gap. So is one
 * that finds another event, after a lost connection, where it heard its last one: the log has lost its end, and has grown since.
 */
import { setImmediate } from 'node:timers/promises';
import type { Position, Since, Subscriber } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { type Extent, endOf, isMissing, startOf } from './place.ts';
import { pump } from './pump.ts';
import type { Listener } from './roster.ts';
import { type BusLog, teller } from './tell.ts';

/** Events read at once. */
const pageEvents = 256;
/** A lost bell costs no more than this. */
const idleMs = 1000;

export interface Page extends Extent {
  /** After the place that was asked for, in order. */
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly sequence: number;
  readonly text: string;
}

export interface FollowOptions {
  readonly subject: string;
  readonly since: Since;
  readonly subscriber: Subscriber;
  readonly clock: Clock;
  readonly log: BusLog;
  /** Up to `limit` events after the sequence, and what the log holds, both at one moment. */
  read(subject: string, after: number, limit: number): Page | Promise<Page>;
  /** Reading has failed; it is tried again. */
  failed(error: unknown): void;
}

export function follow(options: FollowOptions): Listener {
  const { subject, since, subscriber, clock, log, read, failed } = options;
  const tell = teller(subject, subscriber, log);
  let isClosed = false;
  let place: Position | null = typeof since === 'string' ? null : since;
  /** Digest of the event at `place`; `null`: it was not heard here. */
  let heard: number | bigint | null = null;
  /** How often the connection was made anew, and up to which of these the log is known to be the one that was heard. */
  let connections = 0;
  let verified = 0;
  /** The end of the log when the subscription began (again); `null` once it has been reached and told. */
  let goal: number | 'unknown' | null = 'unknown';

  async function deliver({ entries, log }: Page): Promise<void> {
    for (const { sequence, text } of entries) {
      if (isClosed) return;
      if (place !== null && sequence <= place.sequence) continue;
      place = { log, sequence };
      heard = Bun.hash(text);
      await tell.event(text, place);
    }
  }

  /** Returns whether there is more to read. */
  async function turnPage(): Promise<boolean> {
    const isFirst = place === null;
    const upTo = connections;
    // What was heard last is read once more.
    const after = (place?.sequence ?? 0) - (upTo > verified && heard !== null ? 1 : 0);
    const page = await read(subject, after, isFirst && since === 'now' ? 0 : pageEvents);
    if (isClosed) return false;
    place ??= since === 'now' ? endOf(page) : startOf(page);
    const isOther = page.entries.some(
      ({ sequence, text }) => sequence === place?.sequence && heard !== null && Bun.hash(text) !== heard,
    );
    verified = upTo;
    if (isOther || isMissing(place, page)) {
      place = startOf(page);
      heard = null;
      goal = 'unknown';
      await tell.gap(place);
      return true;
    }
    if (goal === 'unknown') goal = page.newest;
    await deliver(page);
    if (goal !== null && !isClosed && place.sequence >= goal) {
      goal = null;
      tell.caughtUp(place);
    }
    return page.entries.length === pageEvents;
  }

  const turns = pump({
    clock,
    idleMs,
    failed,
    async turn() {
      // Others want to be served between two pages.
      while ((await turnPage()) && !isClosed) await setImmediate();
    },
  });
  turns.wake();

  return {
    wake: turns.wake,
    again() {
      connections++;
      goal = 'unknown';
      turns.wake();
    },
    close() {
      isClosed = true;
      turns.close();
    },
  };
}
