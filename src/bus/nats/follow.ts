/**
 * A subscription to a stream. After each interruption it looks whether the stream still holds what comes next.
 */
import { DeliverPolicy } from '@nats-io/jetstream';
import type { Place, Since, Subscriber } from '../../bus.ts';
import type { Clock } from '../../clock.ts';
import { type Extent, endOf, isCut, isMissing, startOf } from '../place.ts';
import type { Listener } from '../roster.ts';
import { type BusLog, teller } from '../tell.ts';
import { digestOf } from '../wire.ts';
import { attend } from './attend.ts';
import type { Session } from './connection.ts';
import type { Streams } from './streams.ts';
import { tail } from './tail.ts';

/** Events may be long. */
const maxAhead = 256;
/** How often to see whether the stream is still the one that is read: a lost consumer does not always say so. */
const lookMs = 5000;

/** How often a log that ends before the place of its subscriber is looked at before that is believed, and the time between. */
const settlingLooks = 5;
const settlingMs = 500;

export interface FollowOptions {
  readonly subject: string;
  readonly since: Since;
  readonly subscriber: Subscriber;
  readonly streams: Streams;
  readonly clock: Clock;
  readonly log: BusLog;
  /** Throws while there is none. */
  session(): Session;
  failed(error: unknown): void;
}

export function follow(options: FollowOptions): Listener {
  const { subject, since, subscriber, streams, clock, log, failed } = options;
  const tell = teller(subject, subscriber, log);
  let place: Place | null = typeof since === 'string' ? null : since;
  /** An event is being dealt with. */
  let isBusy = false;

  async function round(outer: AbortSignal): Promise<void> {
    const session = options.session();
    const extent = await settledExtent(session, outer);
    if (outer.aborted) return;
    place ??= since === 'now' ? { ...endOf(extent), digest: null } : startOf(extent);
    const there = place.sequence === 0 ? null : await digestAt(session, place.sequence);
    if (outer.aborted) return;
    const isLost = isCut(place, extent, there);
    if (isLost || isMissing(place, extent)) {
      place = startOf(isLost ? { ...extent, log: await renewed(session, extent.log) } : extent);
      await tell.gap(place);
    } else place = { ...place, digest: place.digest ?? there };
    const from = place;
    let goal: number | null = extent.newest;
    const reached = (at: Place) => {
      if (goal === null || at.sequence < goal || outer.aborted) return;
      goal = null;
      tell.caughtUp(at);
    };
    reached(from);
    const stalled = new AbortController();
    const stopLooking = look(session, from.log, stalled);
    try {
      await tail({
        session,
        clock,
        stream: streams.nameOf(subject),
        from: { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from.sequence + 1 },
        signal: AbortSignal.any([outer, stalled.signal]),
        maxAhead,
        async message(message, sequence) {
          const next = { log: from.log, sequence, digest: digestOf(message.string()) };
          isBusy = true;
          // The stream has nothing but this subject: what is not there was dropped.
          if (place !== null && next.sequence > place.sequence + 1)
            await tell.gap({ log: from.log, sequence: next.sequence - 1 });
          place = next;
          if (!outer.aborted) await tell.event(message.string(), next);
          isBusy = false;
          reached(next);
        },
      });
    } finally {
      isBusy = false;
      stopLooking();
    }
  }

  /** A new leader may take a moment to know all that it has. */
  async function settledExtent(session: Session, outer: AbortSignal): Promise<Extent> {
    for (let look = 1; ; look++) {
      const extent = await streams.extent(session, subject);
      const isBehind = place !== null && place.log === extent.log && place.sequence > extent.newest;
      if (!isBehind || look === settlingLooks || outer.aborted) return extent;
      await new Promise<void>((resolve) => clock.after(settlingMs, resolve));
    }
  }

  /** What was known of the log holds no more, for nobody: it is another one from now on. */
  async function renewed(session: Session, id: string): Promise<string> {
    try {
      return await streams.renew(session, subject, id);
    } catch (error) {
      failed(error);
      return id;
    }
  }

  /** `null`: the log does not hold it any more. */
  async function digestAt(session: Session, sequence: number): Promise<string | null> {
    const text = await streams.textAt(session, subject, sequence);
    return text === null ? null : digestOf(text);
  }

  /** Stops the round when the stream is another one, or holds events that do not come. */
  function look(session: Session, id: string, stalled: AbortController): () => void {
    let before = place?.sequence;
    let cancel = () => {};
    const see = async () => {
      try {
        const extent = await streams.extent(session, subject);
        const at = place?.sequence ?? 0;
        const isStuck = extent.newest > at && at === before && !isBusy;
        before = at;
        if (extent.log !== id || extent.newest < at || isStuck) return stalled.abort();
      } catch (error) {
        failed(error);
      }
      next();
    };
    const next = () => {
      cancel = clock.after(lookMs, () => void see());
    };
    next();
    return () => {
      cancel();
      stalled.abort();
    };
  }

  return attend({ clock, round, failed });
}
