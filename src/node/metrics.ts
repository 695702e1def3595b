/**
 * A node's metrics: what its phases count as they answer, and what its parts know of themselves, read when somebody asks.
 */

import type { DiskStats } from '../cache/disk/disk.ts';
import type { Clock } from '../clock.ts';
import type { Network, NodeConfig } from '../config/network.ts';
import type { ParentStatus } from '../parents/member.ts';
import type { UploadsUnderWay } from '../store.ts';
import { type Histogram, type Observation, type Registry, registry } from '../telemetry/metrics/registry.ts';
import { layerOf, type RequestMeter, requestMeter } from '../telemetry/metrics/requests.ts';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { type WorkMeter, workMeter } from '../telemetry/metrics/work.ts';
import type { ExportCounts } from '../telemetry/otlp/exporter.ts';
import { openMeasured } from '../telemetry/rum/measured.ts';
import type { TraceCounts } from '../telemetry/tracing/tracing.ts';
import type { Node } from './node.ts';
import { observePredictions } from './predict-status.ts';
import type { PurgingStatus } from './purging.ts';
import { openRum, type Rum } from './rum.ts';
import type { NodeStatus } from './status.ts';

export interface NodeMetrics {
  /** What pages and commands tell: counted here, too. */
  readonly rum: Rum;
  readonly meter: RequestMeter;
  readonly work: WorkMeter;
  read(): Snapshot;
  close(): void;
}

export interface NodeMetricsOptions {
  readonly clock: Clock;
  /** As the config in force has it. */
  readonly network: () => Network;
  /** Of the node: whether requests are counted. */
  readonly config: Pick<NodeConfig, 'metrics'>;
  /** The node, once it is there. */
  readonly node: () => Pick<Node, 'counts' | 'accessLog' | 'ring' | 'site' | 'cache' | 'predictor'>;
  readonly status: () => NodeStatus;
  readonly telemetry: TelemetryCounts;
}

export interface TelemetryCounts {
  readonly traces: TraceCounts;
  readonly exports: ExportCounts;
}

export function openNodeMetrics(options: NodeMetricsOptions): NodeMetrics {
  const { clock, network, status, node } = options;
  const counted = registry();
  counted.observe('http.server.active_requests', () => single(node().counts.pending));
  counted.observe('meridian.access_log.dropped', () => single(node().accessLog?.dropped ?? 0));
  counted.observe('meridian.remote.paused', () =>
    [...node().site.servers].map(([server, { pausedMs }]) => ({
      labels: [server],
      value: pausedMs() / 1000,
    })),
  );
  counted.observe('meridian.remote.quota', () =>
    [...node().site.servers].flatMap(([server, { quota }]) => {
      const said = quota();
      return said === null ? [] : [{ labels: [server], value: said.remaining }];
    }),
  );
  observeRing(counted, node);
  observePredictions(counted, () => node().predictor);
  counted.observe('meridian.cache.evictions', () =>
    node().cache.evictions.counts.map(({ tier, cause, count }) => ({ labels: [tier, cause], value: count })),
  );
  observeProcess(counted);
  observeTelemetry(counted, options.telemetry);
  // One look at the node for all that is read of it.
  let seen: NodeStatus | null = null;
  observeStatus(counted, clock, () => {
    seen ??= status();
    return seen;
  });
  const stop = watchEventLoop(counted.histogram('meridian.event_loop.delay'), clock);
  const roleOf = (name: string) => network().nodes[name]?.role;
  return {
    rum: openRum(openMeasured(counted, clock), clock),
    meter: options.config.metrics ? requestMeter(counted, roleOf) : noMeter(roleOf),
    work: workMeter(counted, (server) => node().site.servers.has(server)),
    read() {
      seen = null;
      return counted.read();
    },
    close: stop,
  };
}

/** Says what a request was answered from, and counts nothing. */
function noMeter(roleOf: Parameters<typeof layerOf>[2]): RequestMeter {
  return {
    record: (_route, outcome, _status, _bytes, _durationMs, beyond) => layerOf(outcome, beyond, roleOf),
    sent: () => undefined,
    exemplify: () => undefined,
  };
}

function single(value: number): readonly { readonly labels: readonly []; readonly value: number }[] {
  return [{ labels: [], value }];
}

function observeStatus(counted: Registry, clock: Clock, status: () => NodeStatus): void {
  counted.observe('meridian.cache.fills', () => single(status().fills));
  counted.observe('meridian.cache.entries', () => ofTiers(status(), ({ entries }) => entries));
  counted.observe('meridian.cache.size', () => ofTiers(status(), ({ bytes }) => bytes));
  counted.observe('meridian.cache.limit', () => ofTiers(status(), ({ limitBytes }) => limitBytes));
  counted.observe('meridian.bus.up', () => single(status().bus === 'connected' ? 1 : 0));
  observeParents(counted, status);
  observeStores(counted, status);
  observePurging(counted, status);
  counted.observe('process.uptime', () => single((clock.now() - status().startedAtMs) / 1000));
  counted.observe('meridian.ring.share', () =>
    (status().ring?.members ?? []).map(({ name, share }) => ({ labels: [name], value: share })),
  );
  counted.observe('meridian.ring.hops', () => {
    const { ring } = status();
    if (ring === null) return [];
    return [
      { labels: ['frames'], value: ring.framed },
      { labels: ['http'], value: ring.relayed - ring.framed },
    ];
  });
}

function observeParents(counted: Registry, status: () => NodeStatus): void {
  const of = (value: (parent: ParentStatus) => number) => () =>
    status().parents.map((parent) => ({ labels: [parent.name] as const, value: value(parent) }));
  counted.observe(
    'meridian.parent.up',
    of(({ healthy }) => (healthy ? 1 : 0)),
  );
  counted.observe(
    'meridian.parent.requests',
    of(({ requests }) => requests),
  );
  counted.observe(
    'meridian.parent.failures',
    of(({ failures }) => failures),
  );
  counted.observe(
    'meridian.parent.retries',
    of(({ retries }) => retries),
  );
  counted.observe(
    'meridian.parent.hedges',
    of(({ hedges }) => hedges),
  );
  counted.observe(
    'meridian.parent.ejections',
    of(({ ejections }) => ejections),
  );
}

function observeStores(counted: Registry, status: () => NodeStatus): void {
  counted.observe('meridian.disk.errors', () => ofDisk(status(), ({ errors }) => errors));
  counted.observe('meridian.disk.corrupt', () => ofDisk(status(), ({ corrupt }) => corrupt));
  counted.observe('meridian.uploads.open', () => ofUploads(status(), ({ uploads }) => uploads));
  counted.observe('meridian.uploads.size', () => ofUploads(status(), ({ bytes }) => bytes));
  counted.observe('meridian.store.up', () =>
    Object.entries(status().stores ?? {}).map(([store, { engine, state }]) => ({
      labels: [store, engine] as const,
      value: state === 'failing' ? 0 : 1,
    })),
  );
}

function ofUploads({ uploads }: NodeStatus, of: (underWay: UploadsUnderWay) => number) {
  return uploads === null ? [] : single(of(uploads));
}

function ofDisk({ disk }: NodeStatus, of: (stats: DiskStats) => number): ReturnType<typeof single> {
  return disk === null ? [] : single(of(disk));
}

function observePurging(counted: Registry, status: () => NodeStatus): void {
  const of = (value: (purging: PurgingStatus) => number) => () => single(value(status().purging));
  counted.observe(
    'meridian.purges.applied',
    of(({ applied }) => applied),
  );
  counted.observe(
    'meridian.purges.gaps',
    of(({ gaps }) => gaps),
  );
  counted.observe(
    'meridian.purges.suspected',
    of(({ suspected }) => suspected),
  );
  counted.observe(
    'meridian.bus.lag',
    of(({ behind }) => behind),
  );
  counted.observe(
    'meridian.bus.unproven',
    of(({ unprovenMs }) => unprovenMs / 1000),
  );
}

function observeRing(counted: Registry, node: NodeMetricsOptions['node']): void {
  const of = (value: (answered: { requests: number; bytes: number }) => number) => () =>
    [...(node().ring?.answered ?? [])].map(([member, all]) => ({
      labels: [member] as const,
      value: value(all),
    }));
  counted.observe(
    'meridian.ring.member.requests',
    of(({ requests }) => requests),
  );
  counted.observe(
    'meridian.ring.member.size',
    of(({ bytes }) => bytes),
  );
  counted.observe('meridian.ring.failures', () => {
    const { ring } = node();
    return ring === null ? [] : single(ring.counts.failed);
  });
}

type TierStats = Pick<NodeStatus['memory'], 'entries' | 'bytes' | 'limitBytes'>;

function ofTiers(
  { memory, disk }: NodeStatus,
  of: (stats: TierStats) => number,
): Observation<'meridian.cache.size'>[] {
  const inMemory = { labels: ['memory'], value: of(memory) } as const;
  return disk === null ? [inMemory] : [inMemory, { labels: ['disk'], value: of(disk) }];
}

function observeTelemetry(counted: Registry, { traces, exports }: TelemetryCounts): void {
  counted.observe('meridian.traces.kept', () =>
    Object.entries(traces.kept).map(([reason, value]) => ({ labels: [reason], value })),
  );
  counted.observe('meridian.traces.dropped', () => single(traces.dropped));
  counted.observe('meridian.otlp.sent', () =>
    Object.entries(exports.sent).map(([signal, value]) => ({ labels: [signal], value })),
  );
  counted.observe('meridian.otlp.dropped', () =>
    Object.entries(exports.dropped).flatMap(([signal, losses]) =>
      Object.entries(losses).map(([reason, value]) => ({ labels: [signal, reason], value }) as const),
    ),
  );
}

function observeProcess(counted: Registry): void {
  counted.observe('process.memory.usage', () => single(process.memoryUsage.rss()));
  counted.observe('process.cpu.time', () => {
    const { user, system } = process.cpuUsage();
    return [
      { labels: ['user'], value: user / 1e6 },
      { labels: ['system'], value: system / 1e6 },
    ];
  });
}

const everyMs = 500;

/** Timers are called late by as much as the event loop is held up, by one long task or by many short ones. */
function watchEventLoop(delays: Histogram, clock: Clock): () => void {
  let stop = () => {};
  const wait = () => {
    const dueMs = clock.elapsed() + everyMs;
    stop = clock.after(everyMs, () => {
      delays.record(Math.max(0, clock.elapsed() - dueMs) / 1000);
      wait();
    });
  };
  wait();
  return () => stop();
}
