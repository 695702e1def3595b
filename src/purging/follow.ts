/**
 * A node's ear on the bus: carries out the purges that it tells of, one after another, and remembers how far it has
 * come together with what it keeps. So a node that was away catches up, and one that cannot know whether it has heard
 * of everything takes what it keeps for suspect: that is used only once the parent has confirmed it.
 *
 *     missed events (the log was cut off, or is another one)  →  all suspect, once
 *     a purge of a version or form that it does not know      →  all suspect, once
 *     no proof of being up to date for `trustMs`              →  all suspect, again and again until there is one
 */
import { type Bus, type Delivery, isAtLeast, type Place, type Position, type Subscription } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { Knowledge } from '../exchange.ts';
import type { Purge } from '../purge.ts';
import {
  appliedEvent,
  appliedSubject,
  type PurgeEvent,
  purgeSubject,
  purgeType,
  readPurge,
} from './event.ts';
import { watchProof } from './proof.ts';

/** What holds that which is purged. */
export interface Keeper {
  /** How far it has come, by what it has kept; `null` when it has never followed anything. */
  readonly position: Place | null;
  readonly isEmpty: boolean;
  /** Carries out purges, all of them, and remembers that this is how far it has come. */
  purge(purges: readonly Purge[], at: Place): void;
  /** Remembers that it has come so far. */
  passed(at: Place): void;
  /** All that it keeps is suspect. */
  suspect(): void;
}

export interface Following {
  /** Up to date as far as anybody can know, or not so for `trustMs`. */
  readonly state: 'current' | 'behind' | 'suspect';
  readonly position: Position | null;
  readonly counts: FollowCounts;
  /** What to tell a parent. */
  knows(): Knowledge;
  /** How long ago it was up to date with the bus for sure, ms. */
  unprovenMs(): number;
  /** Events of the bus that it has not come to, by what it has last heard of how many there are. */
  readonly behind: number;
  /** Whether what is kept here takes account of all that the asker knows. Waits for that a little where it may help. */
  meets(asker: Knowledge): boolean | Promise<boolean>;
  close(): void;
}

export interface FollowCounts {
  /** Events carried out. */
  applied: number;
  /** Events of a type or version that this node does not know. After such a purge, everything is suspect. */
  skipped: number;
  /** How often events were missed. */
  gaps: number;
  /** How often everything came under suspicion, for whatever reason. */
  suspected: number;
}

export interface FollowOptions {
  readonly bus: Bus;
  readonly keeper: Keeper;
  /** By which others know it. */
  readonly node: string;
  /** Told of each event that is to be acknowledged. Returns whether that is done with it: the issuer is this node itself. */
  readonly applied?: ((id: string) => boolean) | undefined;
  /** Told of each purge that was carried out: when it was published, ms since the epoch by the publisher's clock. */
  readonly carriedOut?: ((publishedMs: number) => void) | undefined;
  readonly clock: Clock;
  /** How long what is kept is trusted without proof of having heard of every purge. */
  readonly trustMs: number;
  readonly log: {
    info(message: string, fields: Record<string, unknown>): void;
    warn(message: string, fields: Record<string, unknown>): void;
  };
}

/** How long a request of a tier that knows of more waits for this one to hear of it, too. */
const patienceMs = 250;
/** How long a node catches up before it opens its doors. */
export const catchUpMs = 5_000;

export interface Started {
  readonly following: Following;
  /** Settles when the node has caught up, or when that takes longer than `catchUpMs`. */
  readonly ready: Promise<void>;
}

export function follow(options: FollowOptions): Started {
  const { bus, keeper, node, clock, trustMs, log } = options;
  const counts: FollowCounts = { applied: 0, skipped: 0, gaps: 0, suspected: 0 };
  const since = keeper.position ?? 'now';
  let position: Position | null = keeper.position && bare(keeper.position);
  /** By the last answer of the bus. */
  let newest: Position | null = null;
  /** Doors are open: what has been stored since may be older than a purge that nobody has told of. */
  let isOpen = false;
  let isClosed = false;
  const waiting = new Set<Waiting>();

  const proof = watchProof({
    async newest() {
      newest = await bus.newest(purgeSubject);
      return newest;
    },
    reached: (at) => isAtLeast(position, at),
    clock,
    trustMs,
    doubt(unprovenMs) {
      suspectAll();
      log.warn('cut off from the bus; all that is kept is used only once the parent has confirmed it', {
        unprovenMs,
        state: bus.state,
      });
    },
    trust: () => log.info('up to date with the bus again', { at: position }),
  });

  function suspectAll(): void {
    counts.suspected++;
    keeper.suspect();
  }

  function moved(to: Position): void {
    position = bare(to);
    proof.moved();
    for (const each of waiting) if (isAtLeast(to, each.wanted)) each.settle(true);
  }

  function event(delivery: Delivery): void {
    if (isAtLeast(position, delivery.position)) return; // Once more, after a lost connection.
    const at = { ...delivery.position, digest: delivery.digest };
    const purge = readPurge(delivery);
    if (purge) {
      carryOut(purge, at);
      counts.applied++;
      options.carriedOut?.(delivery.publishedMs);
      if (purge.acknowledge && options.applied?.(purge.id) !== true) acknowledge(purge.id);
    } else {
      counts.skipped++;
      if (delivery.type === purgeType) misunderstood(delivery);
      keeper.passed(at);
    }
    moved(delivery.position);
  }

  /** A newer node has purged what this one cannot tell, so it may be anything. */
  function misunderstood({ version, publisher, position: at }: Delivery): void {
    suspectAll();
    log.warn('a purge cannot be read; all that is kept is used only once the parent has confirmed it', {
      ...{ version, publisher, at },
    });
  }

  function carryOut({ selectors, soft, seen }: PurgeEvent, at: Place): void {
    const known = new Set(seen?.node === node ? seen.keys : []);
    const meant = selectors.filter((selector) => selector.by !== 'key' || !known.has(selector.key));
    const purges = meant.map((selector) => ({ selector, soft }));
    if (purges.length > 0) keeper.purge(purges, at);
    else keeper.passed(at);
  }

  function acknowledge(id: string): void {
    bus
      .publish(appliedSubject, appliedEvent({ id, node }))
      .catch((error: unknown) =>
        log.warn('a purge was carried out, but could not be acknowledged', { id, error }),
      );
  }

  function gap(resumesAfter: Position): void {
    counts.gaps++;
    suspectAll();
    log.warn('purges may have been missed; all that is kept is used only once the parent has confirmed it', {
      was: position,
      now: resumesAfter,
    });
    keeper.passed({ ...resumesAfter, digest: null });
    moved(resumesAfter);
  }

  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const cancelWait = clock.after(catchUpMs, () => {
    isOpen = true;
    proof.doubtNow();
    resolve();
  });

  function caughtUp(at: Place): void {
    if (position === null) {
      if (isOpen) suspectAll();
      moved(at);
    }
    // Now it is known what there is at a place where nothing was heard.
    if (keeper.position?.digest == null) keeper.passed(at);
    cancelWait();
    isOpen = true;
    proof.provenSince(startedMs);
    resolve();
  }

  // It was filled by a process that followed nothing.
  if (position === null && !keeper.isEmpty) suspectAll();
  const startedMs = clock.elapsed();
  const subscription: Subscription = bus.subscribe(purgeSubject, since, { event, gap, caughtUp });

  const following: Following = {
    get state() {
      if (proof.isDoubted) return 'suspect';
      return proof.isCurrent ? 'current' : 'behind';
    },
    get position() {
      return position;
    },
    counts,
    get behind() {
      if (newest === null || isAtLeast(position, newest)) return 0;
      return newest.sequence - (position?.log === newest.log ? position.sequence : 0);
    },
    unprovenMs: () => proof.unprovenMs,
    knows: () => (proof.isDoubted || position === null ? 'unsure' : position),

    meets(asker) {
      if (asker === 'unsure') return proof.isCurrent;
      if (isAtLeast(position, asker)) return true;
      if (!proof.isCurrent || isClosed) return false;
      return new Promise((resolve) => {
        const settle = (met: boolean) => {
          waiting.delete(one);
          cancel();
          resolve(met);
        };
        const cancel = clock.after(patienceMs, () => settle(false));
        const one: Waiting = { wanted: asker, settle };
        waiting.add(one);
      });
    },

    close() {
      isClosed = true;
      subscription.close();
      cancelWait();
      proof.close();
      for (const each of waiting) each.settle(false);
    },
  };
  return { following, ready };
}

/** Without what only the log itself has a use for. */
function bare({ log, sequence }: Position): Position {
  return { log, sequence };
}

interface Waiting {
  readonly wanted: Position;
  settle(met: boolean): void;
}
