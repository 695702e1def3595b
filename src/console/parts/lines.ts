/** What was counted, as lines of a chart. */
import { useMemo } from 'preact/hooks';
import type { Counts } from '../data/api.ts';
import type { Step } from '../data/steps.ts';
import type { Line } from './chart-props.ts';

export function useLines(steps: readonly Step[], make: () => readonly Line[]) {
  return useMemo(() => ({ atMs: steps.map(({ atMs }) => atMs), lines: make() }), [steps]);
}

export function lineOf(
  steps: readonly Step[],
  how: Omit<Line, 'values'>,
  value: (counts: Counts, seconds: number) => number | null,
): Line {
  return {
    ...how,
    values: steps.map(({ counts, seconds }) => (counts === null ? null : value(counts, seconds))),
  };
}
