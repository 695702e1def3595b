/**
 * Connections to one place: kept between requests, and never more than a bound. A request that finds none free waits
 * for one; when too many wait, it fails.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import { Connection } from './connection.ts';
import { FairQueue } from './fair-queue.ts';
import type { Place } from './place.ts';

/** To one place at once, unless a request says otherwise. */
const standardBounds: Bounds = { connections: 1024, waiting: 1024 };
/** The same where a worker asks another one of its node: all that its clients may ask for at once may wait. */
const boundsAtSocket: Bounds = { connections: 1024, waiting: 16_384 };

/** `ahead`: what nobody waits for yet. */
export type Lane = 'ahead';

export interface Bounds {
  /** Those included that are still being opened. */
  readonly connections: number;
  /** Those that are being opened at the same time: a server drops, or refuses, more than its queue holds. Unless said, all. */
  readonly connecting?: number | undefined;
  /** Requests that wait for one of them. */
  readonly waiting: number;
  /** On whose behalf it waits: those are served in turn. */
  readonly on?: string | undefined;
}

/** Connections that rest. */
const maxResting = 256;
/**
 * How long one may rest: shorter than servers have patience, of which most have 5 seconds and more. A server can say
 * (`Keep-Alive: timeout=5`); that counts, less a margin for its word to travel.
 */
const restMs = 4_000;
/** Nodes have more: `timeouts.idleS`, a minute unless said. What goes far takes three round trips longer over a new connection. */
const nodeRestMs = 20_000;
const marginMs = 1_000;
const maxRestMs = 60_000;

/** A call's side of the waiting. */
export interface Waiting {
  readonly clock: Clock;
  /** Called with a function that ends the wait when the call ends. */
  until(stop: (reason: unknown) => void): void;
}

/** Takes a connection that is free, or `null`: one is gone, so that there is room for another. */
type Waiter = (connection: Connection | null) => void;

class Pool {
  readonly #place: Place;
  readonly #bounds: Bounds;
  /** The one used last is used first, so that those that are not needed grow old. */
  readonly #resting: Connection[] = [];
  readonly #waiting = new FairQueue<Waiter>();
  #open = 0;
  #connecting = 0;

  constructor(place: Place) {
    this.#place = place;
    this.#bounds = 'unix' in place.address ? boundsAtSocket : standardBounds;
  }

  /** Whether nothing depends on it. */
  get empty(): boolean {
    return this.#open === 0 && this.#waiting.size === 0;
  }

  /**
   * A connection that can be used. One that rested may have been closed by the other end a moment ago: the news of
   * that, if it has come, is heard before a request is written, so that the request need not be sent twice.
   */
  async take(waiting: Waiting, bounds = this.#bounds): Promise<Connection> {
    for (;;) {
      const rested = this.#rested(waiting.clock.elapsed());
      if (rested === undefined && this.#hasRoom(bounds)) return await this.#connect(waiting);
      if (rested !== undefined) await newsHeard();
      const connection = rested ?? (await this.#wait(waiting, bounds));
      if (connection && !connection.gone) return connection;
    }
  }

  #rested(nowMs: number): Connection | undefined {
    for (;;) {
      const connection = this.#resting.pop();
      if (connection === undefined || nowMs < connection.expiresMs) return connection;
      connection.destroy();
    }
  }

  #hasRoom({ connections, connecting = connections }: Bounds): boolean {
    return this.#open < connections && this.#connecting < connecting;
  }

  #connect(waiting: Waiting): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    this.#open++;
    const connection = new Connection(this.#place, (gone) => this.#lost(gone));
    waiting.until((reason) => {
      connection.destroy();
      reject(reason);
    });
    this.#connecting++;
    const made = () => {
      this.#connecting--;
      this.#give(null);
    };
    connection.ready.finally(made).then(() => resolve(connection), reject);
    return promise;
  }

  #wait(waiting: Waiting, { waiting: most, on = '' }: Bounds): Promise<Connection | null> {
    if (this.#waiting.size >= most) {
      throw new MeridianError('overloaded', 'too many requests to one upstream', { retryAfterS: 1 });
    }
    const { promise, resolve, reject } = Promise.withResolvers<Connection | null>();
    this.#waiting.add(on, resolve);
    waiting.until((reason) => {
      // Whoever has been given a connection already gives it on.
      if (this.#waiting.delete(on, resolve)) reject(reason);
    });
    return promise;
  }

  /** Its request is done, and another one may use it. */
  free(connection: Connection, clock: Clock, toNode = false): void {
    if (this.#give(connection)) return;
    if (this.#resting.length >= maxResting) {
      connection.destroy();
      return;
    }
    const said = connection.restMs;
    const patienceMs = said === null ? (toNode ? nodeRestMs : restMs) : Math.min(said - marginMs, maxRestMs);
    connection.expiresMs = clock.elapsed() + patienceMs;
    connection.rest(patienceMs);
    this.#resting.push(connection);
  }

  #give(connection: Connection | null): boolean {
    const first = this.#waiting.take();
    if (first === undefined) return false;
    first(connection);
    return true;
  }

  #lost(connection: Connection): void {
    this.#open--;
    const at = this.#resting.indexOf(connection);
    if (at !== -1) this.#resting.splice(at, 1);
    this.#give(null);
  }
}

/** Places with connections at once. */
const maxPools = 4096;

const pools = new Map<string, Pool>();

/** What connections of a lane to a place are known by. */
export function laneKey({ key }: Place, lane: Lane | undefined): string {
  return lane === undefined ? key : `${key} ${lane}`;
}

export function poolFor(place: Place, lane?: Lane): Pool {
  const key = laneKey(place, lane);
  const known = pools.get(key);
  if (known) return known;
  if (pools.size >= maxPools) {
    for (const [each, pool] of pools) if (pool.empty) pools.delete(each);
    if (pools.size >= maxPools) throw new MeridianError('overloaded', 'connections to too many upstreams');
  }
  const pool = new Pool(place);
  pools.set(key, pool);
  return pool;
}

/** Shared by all who ask in the same turn of the event loop. */
let news: Promise<void> | null = null;

function newsHeard(): Promise<void> {
  news ??= new Promise((resolve) => {
    setImmediate(() => {
      news = null;
      resolve();
    });
  });
  return news;
}
