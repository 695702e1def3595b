/**
 * Requests to the parent that are under way: whoever comes while one is, waits for it instead of sending
 * another.
 */
import type { Clock } from '../clock.ts';
import type { Answer, Head } from '../entry.ts';
import type { MeridianError } from '../errors.ts';
import type { Arrival } from './arrivals.ts';
import type { Fill } from './fill.ts';
import { mayJoin } from './freshness.ts';
import type { Question } from './question.ts';
import type { Forwarding } from './served.ts';
import type { Stored } from './store.ts';

/** How a request to the parent ended, for those who waited for it. */
export type Landing =
  /** A response that may be shared is arriving. */
  | { readonly as: 'fill'; readonly fill: Fill; readonly forwarding: Forwarding }
  /** The stored response was confirmed. */
  | { readonly as: 'confirmed'; readonly stored: Stored; readonly forwarding: Forwarding }
  /** The response is a file of this node's own, and stays where it is. */
  | { readonly as: 'in-place'; readonly stored: Stored; readonly forwarding: Forwarding }
  /** The answer to a HEAD, which may be shared as it is. */
  | { readonly as: 'bodiless'; readonly answer: Answer; readonly head: Head; readonly forwarding: Forwarding }
  /** The response was for one request only: everybody asks for himself. */
  | { readonly as: 'unshared' }
  /** No response, or one that stands for a failure. */
  | { readonly as: 'failed'; readonly error: MeridianError; readonly status?: number };

export interface Flight {
  /** Of the one who asked. */
  readonly question: Question;
  readonly landing: Promise<Landing>;
  /** Its response is being stored, so that nobody else has to. */
  readonly storing: boolean;
  /** It has landed, and not for those who wait. */
  readonly unshared: boolean;
  /** Requests that wait for it: each counts itself in and out. */
  waiting: number;
}

export interface Flights {
  /** One that a request that comes now may wait for. */
  get(key: string): Flight | undefined;
  /** How many there are, with those that nobody may wait for. */
  readonly size: number;
  /** Registers one: under a key, or under none while nobody may wait for it. */
  take(key: string | null, question: Question, arrival: Arrival): Departure;
}

export interface Departure {
  /** Somebody waits for it who has got nothing of it yet. */
  readonly awaited: boolean;
  /** Lets others find it under this key as well, as long as they find no other one there. */
  list(key: string): void;
  /** Its response is being stored: the flight goes on until that is over. */
  fills(fill: Fill): void;
  /** Ends the wait; and the flight, if it fills nothing. */
  land(landing: Landing): void;
}

/** Where flights are found. */
interface Board {
  list(flight: UnderWay, key: string): void;
  leave(flight: UnderWay): void;
}

class UnderWay implements Flight, Departure {
  readonly question: Question;
  readonly landing: Promise<Landing>;
  readonly arrival: Arrival;
  readonly keys: string[] = [];
  waiting = 0;
  unshared = false;
  readonly #board: Board;
  readonly #resolve: (landing: Landing) => void;
  #fill: Fill | null = null;
  /** Those who wait get what it fills. */
  #isShared = false;

  constructor(question: Question, arrival: Arrival, board: Board) {
    this.question = question;
    const { promise, resolve } = Promise.withResolvers<Landing>();
    this.landing = promise;
    this.#resolve = resolve;
    this.arrival = arrival;
    this.#board = board;
  }

  get awaited(): boolean {
    return this.waiting > 0;
  }

  list(another: string): void {
    if (!this.keys.includes(another)) this.#board.list(this, another);
  }

  fills(fill: Fill): void {
    this.#fill = fill;
    void fill.over.then(() => this.#board.leave(this));
  }

  land(landing: Landing): void {
    this.#isShared = landing.as === 'fill';
    this.unshared = landing.as === 'unshared';
    if (!this.#fill) this.#board.leave(this);
    this.#resolve(landing);
  }

  get storing(): boolean {
    return this.#fill !== null;
  }

  /** Whether it is of use to anybody who comes now: a long fill may outlive the freshness of its response. */
  isOpen(nowMs: number): boolean {
    const fill = this.#fill;
    if (!this.arrival.current) return false;
    if (fill === null) return true;
    return fill.alive && (!this.#isShared || mayJoin(fill.head.freshness, nowMs));
  }
}

export function flights(clock: Clock): Flights {
  /** Those that are looked at first are last. */
  const byKey = new Map<string, UnderWay[]>();
  let size = 0;

  function under(key: string): UnderWay[] {
    const known = byKey.get(key);
    if (known) return known;
    const none: UnderWay[] = [];
    byKey.set(key, none);
    return none;
  }

  function leave(flight: UnderWay): void {
    size--;
    for (const key of flight.keys) {
      const others = under(key).filter((each) => each !== flight);
      if (others.length > 0) byKey.set(key, others);
      else byKey.delete(key);
    }
    flight.arrival.end();
  }

  const board: Board = {
    list(flight, key) {
      under(key).unshift(flight);
      flight.keys.push(key);
    },
    leave,
  };

  return {
    get size() {
      return size;
    },

    get(key) {
      const nowMs = clock.now();
      return byKey.get(key)?.findLast((each) => each.isOpen(nowMs));
    },

    take(key, question, arrival) {
      const flight = new UnderWay(question, arrival, board);
      size++;
      if (key !== null) {
        under(key).push(flight);
        flight.keys.push(key);
      }
      return flight;
    },
  };
}
