/**
 * A node's traces, and what it pushes to a collector: as the config in force has it.
 */
import meridian from '../../package.json' with { type: 'json' };
import type { NodeConfig } from '../config/network.ts';
import type { OtlpConfig } from '../config/telemetry.ts';
import type { Log } from '../telemetry/log.ts';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { collector } from '../telemetry/otlp/collector.ts';
import { type ExportCounts, type Exporter, noExports, openExporter } from '../telemetry/otlp/exporter.ts';
import { keyValues, type Resource } from '../telemetry/otlp/values.ts';
import { openTracing, type TraceCounts, type Tracing } from '../telemetry/tracing/tracing.ts';
import { openVerdicts } from '../telemetry/tracing/verdicts.ts';
import { type NodeMetrics, type NodeMetricsOptions, openNodeMetrics } from './metrics.ts';
import type { Node } from './node.ts';

export interface NodeTelemetryOptions extends Omit<NodeMetricsOptions, 'node' | 'telemetry'> {
  readonly config: NodeConfig;
  /** Of a node that has several. */
  readonly worker: number | undefined;
  readonly log: Log;
  readonly startedMs: number;
  /** The node, once it is there. */
  readonly node: () => Node;
  /** Whether it is: until all of it is open, there are no metrics to push, however long that takes. */
  readonly hasOpened: () => boolean;
}

export interface NodeTelemetry extends Pick<NodeMetrics, 'meter' | 'work' | 'rum' | 'read'> {
  readonly tracing: Tracing;
  /** Another tracing, if the config has changed about it. */
  retune(config: NodeConfig): Tracing;
  /** Sends what there is to send. */
  close(): Promise<void>;
}

/** For what is left when a node stops, or its config changes. */
const closeWithinMs = 3_000;

export function openTelemetry(options: NodeTelemetryOptions): NodeTelemetry {
  const { clock, node } = options;
  let { telemetry } = options.config;
  const traces: TraceCounts = { kept: { failed: 0, slow: 0, sampled: 0, told: 0 }, dropped: 0 };
  const exports = noExports();
  const metrics = openNodeMetrics({ ...options, telemetry: { traces, exports } });
  const { meter, work, rum, read } = metrics;
  const tell = openVerdicts({ clock, send: (to, traceIds) => node().site.tellKept(to, traceIds) });
  const exporterFor = ({ otlp }: NodeConfig['telemetry']) =>
    otlp ? exporterTo(otlp, () => (options.hasOpened() ? read() : {}), exports, options) : null;
  let exporter = exporterFor(telemetry);
  let tracing = tracingFor();

  function tracingFor(): Tracing {
    const { slowMs, oneIn, clientsPerMinute, keptPerS, heldS } = telemetry.traces;
    const settings = { slowMs, oneIn, clientsPerMinute, keptPerS, heldMs: heldS * 1000 };
    const to = exporter;
    return openTracing({
      clock,
      random: drawn,
      settings: to && settings,
      about: { 'meridian.node': options.config.name, 'meridian.role': options.config.role },
      counts: traces,
      keep: (spans) => to?.add(spans),
      exemplify: (route, layer, exemplar) => meter.exemplify(route, layer, exemplar),
      tell,
    });
  }

  return {
    meter,
    work,
    rum,
    read,
    get tracing() {
      return tracing;
    },
    retune({ telemetry: next }) {
      if (Bun.deepEquals(next, telemetry)) return tracing;
      const before = exporter;
      telemetry = next;
      exporter = exporterFor(next);
      tracing = tracingFor();
      void before?.close(closeWithinMs);
      return tracing;
    },
    async close() {
      await exporter?.close(closeWithinMs);
      metrics.close();
    },
  };
}

function exporterTo(
  otlp: OtlpConfig,
  read: () => Snapshot,
  counts: ExportCounts,
  options: NodeTelemetryOptions,
): Exporter {
  const { clock, log, startedMs } = options;
  const { endpoint, headers, timeoutMs, queueSpans, metricsEveryS } = otlp;
  return openExporter({
    ...{ clock, read, startedMs, queueSpans },
    collector: collector({ endpoint, headers, timeoutMs, clock }),
    counts,
    warn: (message, fields) => log.warn(message, { collector: endpoint, ...fields }),
    info: (message, fields) => log.info(message, { collector: endpoint, ...fields }),
    metricsMs: metricsEveryS * 1000,
    resource: resourceOf(otlp, options),
    scope: { name: 'meridian', version: meridian.version },
  });
}

/** https://opentelemetry.io/docs/specs/semconv/resource/ */
function resourceOf(
  { serviceName, resource }: OtlpConfig,
  { network, config, worker }: NodeTelemetryOptions,
): Resource {
  const { name, role } = config;
  return {
    attributes: keyValues({
      ...{
        'service.name': serviceName,
        'service.namespace': network().name,
        'service.version': meridian.version,
      },
      'service.instance.id': worker === undefined ? name : `${name}.${worker}`,
      ...{ 'meridian.node': name, 'meridian.role': role, 'process.pid': process.pid },
      ...resource,
    }),
  };
}

/** Drawn in advance: asking the system for each would cost more than all else that a span takes. */
const reserve = new Uint8Array(4096);
let used = reserve.length;

function drawn(count: number): Uint8Array {
  if (used + count > reserve.length) {
    crypto.getRandomValues(reserve);
    used = 0;
  }
  used += count;
  return reserve.subarray(used - count, used);
}
