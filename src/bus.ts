/**
 * What nodes tell each other: a log of events per subject, and views that keep the last value per key. Each driver is a
 * folder of `bus/`; `bus/bus.contract.ts` is the definition that all of them are held to.
 */

/** A fact that other nodes want to know. */
export interface BusEvent {
  /** What has happened, such as `purge`; empty for what is no event. Whoever does not know the word skips the event. */
  readonly type: string;
  /** Of the form of `data`: raised when an older reader would misunderstand it. Whoever does not know it skips the event. */
  readonly version: number;
  /** What JSON can hold. */
  readonly data: unknown;
}

/** A place in the log of a subject. Two places in one log compare by their sequence; those of different logs do not. */
export interface Position {
  /** Which log: another one once the old is lost or made anew. */
  readonly log: string;
  /** Of the event that was seen last; 0: none yet. */
  readonly sequence: number;
}

/**
 * A position, and what was heard there: a log that has lost its end numbers other events as it had numbered those that it lost.
 */
export interface Place extends Position {
  /** Of the event there; `null`: it is not known, or there is none. */
  readonly digest: string | null;
}

/** Whether one place is at or after another one, of the same log. */
export function isAtLeast(place: Position | null, other: Position): boolean {
  return place !== null && place.log === other.log && place.sequence >= other.sequence;
}

export interface Delivery extends BusEvent {
  readonly position: Position;
  /** Of the event as the log keeps it. */
  readonly digest: string;
  /** The name that the publisher gave itself. */
  readonly publisher: string;
  /** By the publisher's clock, ms since the epoch. */
  readonly publishedMs: number;
}

/**
 * Events come in the order of their positions, one at a time: the next one waits for the promise of the one before. After a
 * lost connection some may come again (at least once).
 */
export interface Subscriber {
  /** A failure is logged, and counts as seen: what cannot be carried out now cannot be later either. */
  event(delivery: Delivery): void | Promise<void>;
  /**
   * Events may have been missed: the log no longer reaches back to where this subscriber was, it holds another event there,
   * or it is another log. The next event is the one after `resumesAfter`.
   */
  gap(resumesAfter: Position): void | Promise<void>;
  /** All that had been published when the subscription began, or began again, has been delivered. */
  caughtUp(at: Place): void;
}

/** Where a subscription begins: after this place, at the oldest event that is kept, or with what comes from now on. */
export type Since = Place | 'oldest' | 'now';

export interface Subscription {
  /** No call of the subscriber is begun after this. */
  close(): void;
}

export interface Published<Value = unknown> {
  readonly key: string;
  /** `null`: there is none any more. */
  readonly value: Value | null;
  /** Counts up with every change of the view. */
  readonly revision: number;
}

/** The last value of each key: for what is true now, such as who is a member. */
export interface View {
  get(key: string): Promise<Published | null>;
  /**
   * @param expected the revision that the key must have, 0 for none at all.
   * @returns the new revision; `null` where `expected` did not hold, and nothing has changed.
   */
  put(key: string, value: unknown, expected?: number): Promise<number | null>;
  /**
   * Puts many at once, each whatever revision it has: as durable as `put`, and a lot faster. After a failure,
   * some may have been put.
   */
  putAll(values: ReadonlyMap<string, unknown>): Promise<void>;
  delete(key: string): Promise<void>;
  /** All that is there first, then every change; after a lost connection, all that is there again. */
  watch(watcher: Watcher): Subscription;
}

/** A view is read page by page while it changes; of each key, what is told never goes back to what was told before. */
export interface Watcher {
  /** All that is there is told from here on: when the watch begins, and when it begins again, perhaps before it has caught up. */
  begins?(): void;
  changed(published: Published): void;
  /** All that was there has been told. What was not told since `begins` is gone. */
  caughtUp(): void;
}

export type BusState = 'connected' | 'disconnected';

/** Names of subjects and views are words of letters, digits and inner dashes. */
export interface Bus {
  /** What is published under this name, and how logs tell who did. */
  readonly publisher: string;
  readonly state: BusState;
  /** Tells of each change of `state`. */
  onState(listener: (state: BusState) => void): void;
  /**
   * Resolves once the event is in the log, as durable as the driver makes it. One publisher's events have the order of their
   * calls. Fails with a `MeridianError` when the bus cannot be reached in time: the event may be in the log all the same.
   */
  publish(subject: string, event: BusEvent): Promise<Position>;
  /** Goes on by itself after a lost connection, from where it was. */
  subscribe(subject: string, since: Since, subscriber: Subscriber): Subscription;
  /** The place of the newest event. */
  newest(subject: string): Promise<Position>;
  view(name: string): View;
  close(): Promise<void>;
}
