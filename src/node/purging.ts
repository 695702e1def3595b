/**
 * What a node has to do with the bus where purges are concerned: it follows them, is a member of those who do, and
 * issues them.
 */
import type { Bus, Position } from '../bus.ts';
import type { Cache } from '../cache/cache.ts';
import type { Clock } from '../clock.ts';
import type { Change, Role } from '../protocol.ts';
import type { Selector } from '../purge.ts';
import { gatherChanges } from '../purging/changes.ts';
import { type FollowCounts, type Following, follow } from '../purging/follow.ts';
import { type Issued, issuer, type Order } from '../purging/issue.ts';
import { type Members, members } from '../purging/members.ts';
import { openProgress, type Progress } from '../purging/progress.ts';
import type { Log } from '../telemetry/log.ts';

export interface Purging extends Pick<Following, 'knows' | 'meets' | 'unprovenMs'> {
  /** Settles when the node has caught up with the bus, or has given that up for now. */
  readonly ready: Promise<void>;
  /** See `Issuer`. */
  issue(order: Order, waitMs?: number): Promise<Issued>;
  /** Something at an upstream has changed: it is purged throughout the network, in a moment. */
  report(change: Change): void;
  /**
   * Something that is kept here has changed: purged throughout the network at once. Resolves when all nodes
   * that live have carried it out, or after a while when it is on the bus at least. Where the bus cannot be reached it fails,
   * and is tried again in a moment.
   */
  changed(selectors: readonly Selector[], soft?: boolean): Promise<void>;
  readonly status: PurgingStatus;
  /** Who lives, as far as this node knows: origins always do. */
  readonly members: Pick<Members, 'known' | 'isSettled'>;
  /** How far purges have come: at origins. */
  readonly progress: Progress | null;
  close(): Promise<void>;
}

export interface PurgingStatus extends FollowCounts {
  /** Events of the bus that it has not come to. */
  readonly behind: number;
  /** How long ago it was up to date for sure, ms. */
  readonly unprovenMs: number;
  /** `suspect`: cut off for so long that what is kept is used only once the parent has confirmed it. */
  readonly state: Following['state'];
  /** Up to where every purge has been carried out. */
  readonly position: Position | null;
  /** Things that this node found changed at an upstream, and had purged. */
  readonly changesIssued: number;
}

export interface PurgingOptions {
  readonly bus: Bus;
  readonly cache: Cache;
  readonly self: { readonly name: string; readonly role: Role; readonly startedMs: number };
  readonly trustMs: number;
  /** See `FollowOptions`. */
  readonly carriedOut?: ((publishedMs: number) => void) | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long whoever changes something waits for the nodes; the one that does not answer in time may be gone. */
const toldMs = 1_000;

export function openPurging({ bus, cache, self, trustMs, carriedOut, clock, log }: PurgingOptions): Purging {
  const node = self.name;
  let applied = (_: string) => false;
  const { following, ready } = follow({
    ...{ bus, keeper: keeperOf(cache), node, carriedOut, clock, trustMs, log },
    applied: (id) => applied(id),
  });
  const present = members({ bus, clock, self, applied: () => following.position });
  const issuing = issuer({ bus, clock, members: present, node });
  const isOrigin = self.role === 'origin';
  const progress = isOrigin ? openProgress({ bus, clock, members: present, node }) : null;
  applied = (id) => {
    progress?.appliedHere(id);
    return issuing.appliedHere(id);
  };
  const changes = gatherChanges({ issue: issuing.issue, node, clock, log });
  return {
    ready,
    knows: following.knows,
    meets: following.meets,
    unprovenMs: following.unprovenMs,
    issue: issuing.issue,
    report: changes.report,
    async changed(selectors, soft = false) {
      try {
        await issuing.issue({ selectors, soft, by: `${self.name}, which keeps it` }, toldMs);
      } catch (error) {
        changes.report({ selectors, soft });
        throw error;
      }
    },
    get status() {
      const { state, position, counts } = following;
      const { behind } = following;
      const unprovenMs = Math.round(following.unprovenMs());
      return { state, position, behind, unprovenMs, ...counts, changesIssued: changes.counts.issued };
    },
    members: present,
    progress,
    async close() {
      changes.close();
      progress?.close();
      following.close();
      issuing.close();
      await present.close();
    },
  };
}

/**
 * The cache as what is purged. Nothing is flushed: after a power cut the bus tells again of what is lost, because the
 * place on the bus is lost with it.
 */
function keeperOf(cache: Cache): Parameters<typeof follow>[0]['keeper'] {
  return {
    position: cache.position,
    isEmpty: (cache.stats.disk?.entries ?? 0) === 0,
    purge: cache.purgeAll,
    passed: cache.passed,
    suspect: () => void cache.purge({ selector: { by: 'all' }, soft: true, suspect: true }, false),
  };
}
