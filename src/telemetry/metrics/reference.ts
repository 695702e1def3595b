/**
 * The page of all metrics, made of their table. `meridian reference metrics` prints it, and `docs/reference/metrics.md` is
 * that.
 */

import { layers } from '../../messages/report.ts';
import { bucketBounds } from './buckets.ts';
import { familyName } from './names.ts';
import { type MetricName, metrics, rowOf } from './table.ts';

const preface = `# Metrics

What \`/metrics\` of a node's admin listener has, in Prometheus' names; [telemetry.md](../telemetry.md) tells how to read it. This page
is made of the table in \`src/telemetry/metrics/table.ts\` by \`npx meridian reference metrics\`.

- Every series has the labels \`node\` and \`role\` as well. A node of several workers says what they come to together.
- \`layer\` is what a request was answered from: ${layers.map((layer) => `\`${layer}\``).join(', ')}.
- Histograms have buckets at ${bucketBounds.map((bound) => seconds(bound)).join(', ')}.

| name | kind | labels | meaning |
| --- | --- | --- | --- |
`;

/** Markdown, with a line break at its end. */
export function metricsReference(): string {
  const rows = (Object.keys(metrics) as MetricName[]).map((name) => {
    const { kind, labels, meaning } = rowOf(name);
    const shown = `${familyName(name)}${kind === 'counter' ? '_total' : ''}`;
    const words = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${shown}\` | ${kind} | ${words} | ${meaning} |\n`;
  });
  return preface + rows.join('');
}

function seconds(bound: number): string {
  if (bound >= 1) return `${bound} s`;
  return bound >= 0.001 ? `${Math.round(bound * 1000)} ms` : `${Math.round(bound * 1e6)} µs`;
}
