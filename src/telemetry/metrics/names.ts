/**
 * A metric's name in Prometheus, made of OpenTelemetry's name and unit
 * (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#metric-metadata-1).
 */
import { type MetricName, rowOf } from './table.ts';

const suffixes: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes', '1': '_ratio' };

/** Without the `_total` of a counter, as OpenMetrics names families. */
export function familyName(name: MetricName): string {
  return `${name.replaceAll('.', '_')}${suffixes[rowOf(name).unit] ?? ''}`;
}
