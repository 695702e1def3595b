/**
 * What a node says about itself when it is asked (`meridian status`).
 */

import type { BusState } from '../bus.ts';
import type { CacheStats } from '../cache/cache.ts';
import type { DiskStats } from '../cache/disk/disk.ts';
import type { NodeConfig } from '../config/network.ts';
import type { CopiesStats } from '../kv/copies.ts';
import type { PredictingState } from '../messages/predictions.ts';
import type { ParentStatus } from '../parents/member.ts';
import type { Role } from '../protocol.ts';
import type { UploadsUnderWay } from '../store.ts';
import type { HotStatus } from './hot.ts';
import type { Node } from './node.ts';
import { predictStatusOf } from './predict-status.ts';
import type { PurgingStatus } from './purging.ts';
import type { RingStatus } from './ring.ts';
import type { StoresStatus } from './stores.ts';

export interface NodeStatus {
  readonly name: string;
  readonly role: Role;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly urls: readonly string[];
  readonly requests: number;
  readonly hits: number;
  readonly errors: number;
  readonly memory: CacheStats['memory'];
  /** `null` when the node keeps nothing on disk. */
  readonly disk: DiskStats | null;
  /** `null` when the node keeps nothing for good. */
  readonly stores: StoresStatus | null;
  readonly uploads: UploadsUnderWay | null;
  /** Requests to the parent under way that others may wait for. */
  readonly fills: number;
  readonly bus: BusState;
  readonly pid: number;
  readonly rssBytes: number;
  /** How far purges on the bus have been followed. */
  readonly purging: PurgingStatus;
  /** `null` where a node keeps everything itself. */
  readonly ring: RingStatus | null;
  /** Of the members of a ring: what more than one of them keeps, because it is asked for so often. */
  readonly hot: readonly HotStatus[];
  readonly parents: readonly ParentStatus[];
  /** Where it stands, if the config says so. */
  readonly place: NodeConfig['place'] | null;
  /** The key/value stores that it keeps copies in. */
  readonly kv: readonly CopiesStats[];
  /** `null` where nothing is predicted. */
  readonly predict: PredictingState | null;
}

export function statusOf(
  node: Node,
  startedAtMs: number,
  urls: readonly string[],
  kv: NodeStatus['kv'],
): NodeStatus {
  const { requests, hits, errors } = node.counts;
  return {
    name: node.name,
    role: node.role,
    startedAtMs,
    urls,
    requests,
    hits,
    errors,
    ...node.cache.stats,
    bus: node.bus.state,
    stores: node.stores?.status ?? null,
    uploads: node.stores?.blobs.uploads.underWay ?? null,
    pid: process.pid,
    rssBytes: process.memoryUsage.rss(),
    purging: node.purging.status,
    ring: node.ring?.status ?? null,
    hot: node.hot?.status() ?? [],
    parents: node.site.parentStatus(),
    place: node.site.config.place ?? null,
    kv,
    predict: predictStatusOf(node.predictor),
  };
}
