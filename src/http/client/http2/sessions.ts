/**
 * The HTTP/2 connections to one place: a few, each with many streams. A request takes the first that has room; where
 * none has, and no more may be opened, it waits for its turn.
 */
import type { Clock } from '../../../clock.ts';
import { MeridianError } from '../../../errors.ts';
import { FairQueue } from '../fair-queue.ts';
import type { Place } from '../place.ts';
import { type Bounds, type Lane, laneKey, type Waiting } from '../pool.ts';
import { Session, type SessionEvents } from './session.ts';

/** With 256 streams each, as many requests at once as there may be connections with HTTP/1.1. */
const maxSessions = 4;
/**
 * In a lane of their own, many answers come at once: what one connection carries grows by round trips, and several carry more from the start. So each
 * request there takes a connection on which there is none, as long as another one may be opened.
 */
export const laneSessions = 6;
const standardBounds: Bounds = { connections: 1024, waiting: 1024 };
/** How long a server that has agreed on HTTP/1.1 only is not asked for HTTP/2 again. */
const oldMs = 60_000;

type Waiter = () => void;

class Sessions {
  readonly #place: Place;
  readonly #isLane: boolean;
  readonly #most: number;
  readonly #open = new Set<Session>();
  readonly #waiting = new FairQueue<Waiter>();
  #streams = 0;
  #oldUntilMs = Number.NEGATIVE_INFINITY;

  constructor(place: Place, isLane: boolean) {
    this.#place = place;
    this.#isLane = isLane;
    this.#most = isLane ? laneSessions : maxSessions;
  }

  get empty(): boolean {
    return this.#open.size === 0 && this.#waiting.size === 0;
  }

  /**
   * A connection with a place for one stream, which `release` gives back; `null` when the server speaks HTTP/1.1.
   * Fails as `request` does.
   */
  async take(waiting: Waiting, bounds = standardBounds): Promise<Session | null> {
    for (;;) {
      if (waiting.clock.elapsed() < this.#oldUntilMs) return null;
      const session = this.#streams < bounds.connections ? this.#withRoom(waiting.clock) : null;
      if (session === null) {
        await this.#wait(waiting, bounds);
        continue;
      }
      const ready = this.#isReady(session, waiting);
      if (ready === true || (await ready)) {
        // Whoever waits was told of one place; there may be more.
        if (this.#waiting.size > 0 && session.hasRoom) this.#next();
        return session;
      }
    }
  }

  release(session: Session): void {
    this.#streams--;
    session.release();
  }

  #withRoom(clock: Clock): Session | null {
    const session = this.#leastUsed();
    const isFull = this.#open.size >= this.#most;
    if (session !== null && (!this.#isLane || isFull || session.streams === 0)) return session;
    return isFull ? null : this.#opening(clock);
  }

  /** The first with room, where they are not to be spread. */
  #leastUsed(): Session | null {
    let least: Session | null = null;
    for (const session of this.#open) {
      if (!session.hasRoom) continue;
      if (!this.#isLane) return session;
      if (least === null || session.streams < least.streams) least = session;
    }
    return least;
  }

  #opening(clock: Clock): Session {
    const session = new Session(this.#place, clock, this.#events);
    this.#open.add(session);
    return session;
  }

  readonly #events: SessionEvents = {
    lost: (session) => {
      this.#open.delete(session);
      this.#next();
    },
    room: () => this.#next(),
  };

  #next(): void {
    this.#waiting.take()?.();
  }

  /** Whether it may be used, with the place for a stream taken. */
  #isReady(session: Session, waiting: Waiting): boolean | Promise<boolean> {
    this.#streams++;
    session.reserve();
    return session.isOpen || this.#opened(session, waiting);
  }

  async #opened(session: Session, waiting: Waiting): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    waiting.until(reject);
    session.ready.then((agreed) => {
      if (agreed === 'http/1.1') this.#oldUntilMs = waiting.clock.elapsed() + oldMs;
      resolve(agreed === 'h2' && !session.isLost);
    }, reject);
    let usable = false;
    try {
      usable = await promise;
      return usable;
    } finally {
      if (!usable) this.release(session);
    }
  }

  #wait(waiting: Waiting, { waiting: most, on = '' }: Bounds): Promise<void> {
    if (this.#waiting.size >= most) {
      throw new MeridianError('overloaded', 'too many requests to one upstream', { retryAfterS: 1 });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.add(on, resolve);
    waiting.until((reason) => {
      if (!this.#waiting.delete(on, resolve)) this.#next(); // it was its turn: it is somebody else's
      reject(reason);
    });
    return promise;
  }
}

export type { Sessions };

/** Places with HTTP/2 connections at once. */
const maxPlaces = 4096;

const places = new Map<string, Sessions>();

export function sessionsFor(place: Place, lane?: Lane): Sessions {
  const name = laneKey(place, lane);
  const known = places.get(name);
  if (known) return known;
  if (places.size >= maxPlaces) {
    for (const [key, sessions] of places) if (sessions.empty) places.delete(key);
    if (places.size >= maxPlaces) throw new MeridianError('overloaded', 'connections to too many upstreams');
  }
  const sessions = new Sessions(place, lane !== undefined);
  places.set(name, sessions);
  return sessions;
}
