/**
 * A node's traces, and what it pushes to a collector: as the config in force has it.
 */
import meridian from '../../package.json' with { type: 'json' };
import type { Clock } from '../clock.ts';
import type { Network, NodeConfig } from '../config/network.ts';
import type { Log } from '../telemetry/log.ts';
import type { RequestMeter } from '../telemetry/metrics/requests.ts';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { collector } from '../telemetry/otlp/collector.ts';
import { type ExportCounts, type Exporter, noExports, openExporter } from '../telemetry/otlp/exporter.ts';
import { keyValues, type Resource } from '../telemetry/otlp/values.ts';
import { openTracing, type TraceCounts, type Tracing } from '../telemetry/tracing/tracing.ts';
import { openVerdicts } from '../telemetry/tracing/verdicts.ts';

export interface NodeTelemetryOptions {
  readonly network: Pick<Network, 'name'>;
  readonly config: NodeConfig;
  /** Of a node that has several. */
  readonly worker: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly startedMs: number;
  readonly counts: TelemetryCounts;
  readonly meter: Pick<RequestMeter, 'exemplify'>;
  readonly read: () => Snapshot;
  /** Another node has to know that these traces are kept. Never rejects. */
  readonly tell: (node: string, traceIds: readonly string[]) => Promise<void>;
}

export interface NodeTelemetry {
  /** Another one after each `retune`. */
  readonly tracing: Tracing;
  retune(config: NodeConfig): void;
  close(): Promise<void>;
}

export interface TelemetryCounts {
  readonly traces: TraceCounts;
  readonly exports: ExportCounts;
}

export function noTelemetryYet(): TelemetryCounts {
  return {
    traces: { kept: { failed: 0, slow: 0, sampled: 0, told: 0 }, dropped: 0 },
    exports: noExports(),
  };
}

/** For what is left when a node stops, or its config changes. */
const closeWithinMs = 3_000;

export function openTelemetry(options: NodeTelemetryOptions): NodeTelemetry {
  const { clock } = options;
  let { telemetry } = options.config;
  const tell = openVerdicts({ clock, send: options.tell });
  let exporter = exporterFor(telemetry, options);
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
      counts: options.counts.traces,
      keep: (spans) => to?.add(spans),
      exemplify: (route, layer, exemplar) => options.meter.exemplify(route, layer, exemplar),
      tell,
    });
  }

  return {
    get tracing() {
      return tracing;
    },
    retune({ telemetry: next }) {
      if (Bun.deepEquals(next, telemetry)) return;
      const before = exporter;
      telemetry = next;
      exporter = exporterFor(next, options);
      tracing = tracingFor();
      void before?.close(closeWithinMs);
    },
    async close() {
      await exporter?.close(closeWithinMs);
    },
  };
}

function exporterFor({ otlp }: NodeConfig['telemetry'], options: NodeTelemetryOptions): Exporter | null {
  if (otlp === false) return null;
  const { clock, log, counts, read, startedMs } = options;
  const { endpoint, headers, timeoutMs, queueSpans, metricsEveryS } = otlp;
  return openExporter({
    ...{ clock, read, startedMs, queueSpans },
    collector: collector({ endpoint, headers, timeoutMs, clock }),
    counts: counts.exports,
    warn: (message, fields) => log.warn(message, { collector: endpoint, ...fields }),
    info: (message, fields) => log.info(message, { collector: endpoint, ...fields }),
    metricsMs: metricsEveryS * 1000,
    resource: resourceOf(otlp, options),
    scope: { name: 'meridian', version: meridian.version },
  });
}

/** https://opentelemetry.io/docs/specs/semconv/resource/ */
function resourceOf(
  { serviceName, resource }: Exclude<NodeConfig['telemetry']['otlp'], false>,
  { network, config, worker }: NodeTelemetryOptions,
): Resource {
  const { name, role } = config;
  return {
    attributes: keyValues({
      ...{
        'service.name': serviceName,
        'service.namespace': network.name,
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
