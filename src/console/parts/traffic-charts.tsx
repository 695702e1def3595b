/** What was counted, step by step: of a role, or of one node. */
import type { Counts } from '../data/api.ts';
import { histogramOf, hitShare, quantileMs } from '../data/counts.ts';
import { layersOf } from '../data/layers.ts';
import type { Step } from '../data/steps.ts';
import { Chart } from './chart.tsx';
import { bytes, milliseconds, percent, rate } from './format.ts';
import { lineOf, useLines } from './lines.ts';

export interface StepsProps {
  readonly steps: readonly Step[];
}

const noTraffic =
  'Nothing was counted in this time. Charts begin with the first request after a start, and reports come every ten seconds.';

export function RequestsChart({ steps }: StepsProps) {
  const format = (value: number) => `${rate(value)}/s`;
  return <ByLayer title="Requests by layer" what="requests" steps={steps} format={format} />;
}

export function BandwidthChart({ steps }: StepsProps) {
  const format = (value: number) => `${bytes(value)}/s`;
  return <ByLayer title="Bandwidth by layer" what="bytes" steps={steps} format={format} />;
}

function ByLayer({
  title,
  what,
  steps,
  format,
}: StepsProps & {
  readonly title: string;
  readonly what: 'requests' | 'bytes';
  readonly format: (value: number) => string;
}) {
  const lines = useLines(steps, () =>
    layersIn(steps).map(({ name, label, colour }) =>
      lineOf(steps, { label, colour }, ({ layers }, seconds) => (layers[name]?.[what] ?? 0) / seconds),
    ),
  );
  const scale = what === 'bytes' ? 'bytes' : 'linear';
  return <Chart title={title} {...lines} isStacked scale={scale} format={format} none={noTraffic} />;
}

export function HitRatioChart({ steps }: StepsProps) {
  const lines = useLines(steps, () => [
    lineOf(steps, { label: 'Objects', colour: '--memory' }, (counts) => hitShare(counts, 'requests')),
    lineOf(steps, { label: 'Bytes', colour: '--origin', dash: [6, 4] }, (counts) =>
      hitShare(counts, 'bytes'),
    ),
  ]);
  return <Chart title="Hit ratio" {...lines} scale="share" format={percent} none={noTraffic} />;
}

export function LatencyChart({ steps, bounds }: StepsProps & { readonly bounds: readonly number[] }) {
  const of = (share: number) => (counts: Counts) => quantileMs(bounds, histogramOf(counts), share);
  const lines = useLines(steps, () => [
    lineOf(steps, { label: 'p50', colour: '--memory' }, of(0.5)),
    lineOf(steps, { label: 'p90', colour: '--stale', dash: [8, 4] }, of(0.9)),
    lineOf(steps, { label: 'p99', colour: '--remote', dash: [3, 3] }, of(0.99)),
  ]);
  return <Chart title="Latency" {...lines} scale="log" format={milliseconds} none={noTraffic} />;
}

export function ErrorsChart({ steps }: StepsProps) {
  const lines = useLines(steps, () => [
    lineOf(
      steps,
      { label: 'Status 500 and above', colour: '--bad' },
      ({ errors }, seconds) => errors / seconds,
    ),
  ]);
  const format = (value: number) => `${rate(value)}/s`;
  return <Chart title="Errors" {...lines} isStacked format={format} none={noTraffic} />;
}

function layersIn(steps: readonly Step[]) {
  return layersOf(steps.flatMap(({ counts }) => Object.keys(counts?.layers ?? {})));
}
