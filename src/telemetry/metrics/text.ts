/**
 * Metrics as text: OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/) for who accepts that, with
 * exemplars, or Prometheus' older format (0.0.4), which has none.
 */
import { bucketBounds } from './buckets.ts';
import { familyName } from './names.ts';
import type { MetricRow } from './row.ts';
import type { Exemplar, HistogramSample, Sample, Snapshot } from './snapshot.ts';
import { type MetricName, metrics, rowOf } from './table.ts';

export type TextFormat = 'openmetrics' | 'prometheus';

export const mediaTypes: Readonly<Record<TextFormat, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
};

/** By a scraper's `Accept`. Prometheus names OpenMetrics first wherever it can read it. */
export function formatFor(accept: string | null): TextFormat {
  return accept?.includes('application/openmetrics-text') ? 'openmetrics' : 'prometheus';
}

/** @param about labels that all series get, such as the node's name. */
export function metricsText(
  snapshot: Snapshot,
  about: Readonly<Record<string, string>>,
  format: TextFormat,
): string {
  const lines: string[] = [];
  for (const name of Object.keys(metrics) as MetricName[]) {
    const samples = snapshot[name];
    if (samples === undefined) continue;
    lines.push(...headOf(name, format));
    for (const sample of samples) lines.push(...linesOf(name, sample, about, format));
  }
  if (format === 'openmetrics') lines.push('# EOF');
  return `${lines.join('\n')}\n`;
}

function headOf(name: MetricName, format: TextFormat): string[] {
  const { kind, unit, meaning } = rowOf(name);
  const family = familyName(name);
  // The older format has the suffix of a counter in its family's name.
  const shown = format === 'prometheus' && kind === 'counter' ? `${family}_total` : family;
  const head = [`# HELP ${shown} ${escaped(meaning)}`, `# TYPE ${shown} ${kind}`];
  const [, unitName] = /_(seconds|bytes|ratio)$/.exec(family) ?? [];
  if (format === 'openmetrics' && unitName !== undefined && unit !== '')
    head.push(`# UNIT ${shown} ${unitName}`);
  return head;
}

function linesOf(
  name: MetricName,
  { labels, value }: Sample,
  about: Readonly<Record<string, string>>,
  format: TextFormat,
): string[] {
  const row: MetricRow = rowOf(name);
  const family = familyName(name);
  const pairs = [
    ...Object.entries(about),
    ...row.labels.map((label, at) => [label, labels[at] ?? ''] as const),
  ];
  const shown = pairs.map(([label, text]) => `${label}="${escapedValue(text)}"`);
  if (typeof value === 'number') {
    const suffix = row.kind === 'counter' ? '_total' : '';
    return [`${family}${suffix}${inBraces(shown)} ${value}`];
  }
  return histogramLines(family, shown, value, format);
}

function histogramLines(
  family: string,
  labels: readonly string[],
  { counts, sum, exemplars }: HistogramSample,
  format: TextFormat,
): string[] {
  let below = 0;
  const lines = counts.map((count, at) => {
    below += count;
    const bound = bucketBounds[at];
    const le = `le="${bound === undefined ? '+Inf' : canonical(bound)}"`;
    const exemplar = format === 'openmetrics' ? exemplarText(exemplars[at] ?? null) : '';
    return `${family}_bucket${inBraces([...labels, le])} ${below}${exemplar}`;
  });
  return [...lines, `${family}_sum${inBraces(labels)} ${sum}`, `${family}_count${inBraces(labels)} ${below}`];
}

/** OpenMetrics: a bound reads as a float. */
function canonical(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function exemplarText(exemplar: Exemplar | null): string {
  if (exemplar === null) return '';
  return ` # {trace_id="${exemplar.traceId}"} ${exemplar.value} ${exemplar.atMs / 1000}`;
}

function inBraces(labels: readonly string[]): string {
  return labels.length === 0 ? '' : `{${labels.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapedValue(text: string): string {
  return escaped(text).replaceAll('"', '\\"');
}
