/** Predictions over time. */
import { precisionOf, recallOf, tallyOf } from '../../data/predicted.ts';
import { Chart } from '../../parts/chart.tsx';
import { bytes, percent } from '../../parts/format.ts';
import { lineOf, useLines } from '../../parts/lines.ts';
import type { StepsProps } from '../../parts/traffic-charts.tsx';

const nothing = 'Nothing was foreseen in this time.';

export function ForesightChart({ steps }: StepsProps) {
  const lines = useLines(steps, () => [
    lineOf(steps, { label: 'Precision', colour: '--memory' }, ({ predicted }) =>
      predicted === undefined ? null : precisionOf(tallyOf(predicted)),
    ),
    lineOf(steps, { label: 'Recall', colour: '--origin', dash: [6, 4] }, ({ predicted }) =>
      predicted === undefined ? null : recallOf(predicted),
    ),
  ]);
  return <Chart title="Precision and recall" {...lines} scale="share" format={percent} none={nothing} />;
}

export function PredictedBytesChart({ steps }: StepsProps) {
  const lines = useLines(steps, () => [
    lineOf(steps, { label: 'Used', colour: '--good' }, ({ predicted }, seconds) =>
      predicted === undefined ? null : tallyOf(predicted).usedBytes / seconds,
    ),
    lineOf(steps, { label: 'In vain', colour: '--bad' }, ({ predicted }, seconds) =>
      predicted === undefined ? null : tallyOf(predicted).inVainBytes / seconds,
    ),
  ]);
  const format = (value: number) => `${bytes(value)}/s`;
  return (
    <Chart title="Bytes fetched ahead" {...lines} isStacked scale="bytes" format={format} none={nothing} />
  );
}
