/** What is said of one metric. */

export interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** UCUM, as OpenTelemetry has it: `s`, `By`, `1` for a ratio; `{request}` for a count of something. */
  readonly unit: string;
  readonly labels: readonly string[];
  readonly meaning: string;
  /** What several workers of a node come to, where that is not the sum. */
  readonly together?: 'highest' | 'lowest';
}
