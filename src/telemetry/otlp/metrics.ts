/**
 * What a node has counted as an OTLP message (`ExportMetricsServiceRequest`,
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.5.0/opentelemetry/proto/metrics/v1/metrics.proto): every row of
 * the table, cumulative since the node was started.
 */
import { bucketBounds } from '../metrics/buckets.ts';
import type { Exemplar, HistogramSample, Sample, Snapshot } from '../metrics/snapshot.ts';
import { type MetricName, metrics, rowOf } from '../metrics/table.ts';
import { type KeyValue, keyValues, type Resource, type Scope, unixNano } from './values.ts';

const cumulative = 2;

export interface Period {
  /** Since when it was counted, ms since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
}

export function metricsMessage(snapshot: Snapshot, period: Period, resource: Resource, scope: Scope): object {
  const names = Object.keys(metrics) as MetricName[];
  const told = names.flatMap((name) => {
    const samples = snapshot[name];
    return samples === undefined ? [] : [metricOf(name, samples, period)];
  });
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: told }] }] };
}

function metricOf(name: MetricName, samples: readonly Sample[], period: Period): object {
  const { kind, unit, meaning } = rowOf(name);
  const dataPoints = samples.map((sample) => pointOf(name, sample, period));
  const head = { name, description: meaning, unit };
  switch (kind) {
    case 'counter':
      return { ...head, sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true } };
    case 'gauge':
      return { ...head, gauge: { dataPoints } };
    case 'histogram':
      return { ...head, histogram: { dataPoints, aggregationTemporality: cumulative } };
  }
}

function pointOf(name: MetricName, { labels, value }: Sample, { startMs, endMs }: Period): object {
  const point = {
    attributes: attributesOf(name, labels),
    startTimeUnixNano: unixNano(startMs),
    timeUnixNano: unixNano(endMs),
  };
  return typeof value === 'number' ? { ...point, asDouble: value } : { ...point, ...histogramOf(value) };
}

function attributesOf(name: MetricName, labels: readonly string[]): KeyValue[] {
  return keyValues(Object.fromEntries(rowOf(name).labels.map((label, at) => [label, labels[at] ?? ''])));
}

function histogramOf({ counts, sum, exemplars }: HistogramSample): object {
  const examples = exemplars.filter((one) => one !== null);
  return {
    count: String(counts.reduce((all, count) => all + count, 0)),
    sum,
    bucketCounts: counts.map(String),
    explicitBounds: bucketBounds,
    ...(examples.length > 0 && { exemplars: examples.map(exemplarOf) }),
  };
}

function exemplarOf({ traceId, value, atMs }: Exemplar): object {
  return { timeUnixNano: unixNano(atMs), asDouble: value, traceId };
}
