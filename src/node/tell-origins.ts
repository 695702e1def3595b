/**
 * What a node tells the origins of itself over the bus: how it is and what it has counted, and at PoPs what clients ask for most.
 */
import meridian from '../../package.json' with { type: 'json' };
import { openReporter } from '../telemetry/fleet/board.ts';
import { countsOf, type Report } from '../telemetry/fleet/report.ts';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { openTeller } from '../telemetry/top/board.ts';
import type { Node } from './node.ts';
import type { NodeStatus } from './status.ts';

export interface Telling {
  /** The node is about to stop: it counts as gone. */
  leave(): Promise<void>;
  /** The last request has been answered. */
  close(): Promise<void>;
}

export interface TellingOptions {
  readonly status: () => NodeStatus;
  readonly metrics: () => Snapshot;
  /** 0 for a node that has one. */
  readonly worker: number;
}

export function tellOrigins(
  { name, bus, clock, popularity }: Pick<Node, 'name' | 'bus' | 'clock' | 'popularity'>,
  { status, metrics, worker }: TellingOptions,
): Telling {
  const { startedAtMs: startedMs } = status();
  const reporter = openReporter(bus, clock, () => reportOf(status(), metrics(), worker));
  const teller =
    popularity &&
    openTeller(bus, clock, () => ({ node: name, worker, startedMs, ...popularity.read(clock.now()) }));
  return {
    leave: () => reporter.close(),
    close: async () => teller?.close(),
  };
}

function reportOf(status: NodeStatus, metrics: Snapshot, worker: number): Report {
  const { name, role, startedAtMs, urls, memory, disk, rssBytes, fills, parents, bus, place } = status;
  const failing = parents.filter(({ healthy }) => !healthy).map((parent) => `parent ${parent.name}`);
  return {
    node: name,
    role,
    worker,
    startedMs: startedAtMs,
    version: meridian.version,
    urls: [...urls],
    counts: countsOf(metrics),
    memory: boundsOf(memory),
    disk: disk && boundsOf(disk),
    rssBytes,
    fills,
    parents: parents.map((parent) => parent.name),
    place: place ?? null,
    trouble: bus === 'connected' ? failing : [...failing, 'bus'],
  };
}

function boundsOf({ entries, bytes, limitBytes }: Report['memory']): Report['memory'] {
  return { entries, bytes, limitBytes };
}
