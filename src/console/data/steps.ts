/** A series as charts want it: every step of the time that was asked about, with a gap where nobody wrote anything down. */
import type { Counts, Series } from './api.ts';
import { noCounts, scaled, sumOf } from './counts.ts';

export interface Step {
  readonly atMs: number;
  /** How much of the step has passed. */
  readonly seconds: number;
  /** `null`: the origin did not run, or the node was not heard of. */
  readonly counts: Counts | null;
}

/** Shorter steps are left out until they are over: the report that belongs to them may still come. */
const shortMs = 60_000;
/** Nodes report so often. */
const reportMs = 10_000;

/** @param role of which nodes; `null` for whatever the answer has. */
export function stepsOf({ fromMs, toMs, stepMs, points }: Series, role: string | null): readonly Step[] {
  const found = new Map(points.map(({ atMs, roles }) => [atMs, countsIn(roles, role)]));
  const steps: Step[] = [];
  for (let atMs = Math.floor(fromMs / stepMs) * stepMs; atMs < toMs; atMs += stepMs) {
    if (stepMs < shortMs && atMs + stepMs > toMs) break;
    const seconds = Math.max(1, Math.min(stepMs, toMs - atMs) / 1000);
    steps.push({ atMs, seconds, counts: found.get(atMs) ?? null });
  }
  return stepMs > reportMs ? steps : evened(steps);
}

function countsIn(roles: Readonly<Record<string, Counts>>, role: string | null): Counts | null {
  if (role !== null) return roles[role] ?? null;
  const all = Object.values(roles);
  return all.length === 0 ? null : sumOf(all);
}

/** A report that came a moment late is in the step after its own: both get half of that one. */
function evened(steps: readonly Step[]): readonly Step[] {
  const isLate = (at: number) =>
    steps[at]?.counts === null && steps[at - 1]?.counts != null && steps[at + 1]?.counts != null;
  return steps.map((step, at) => {
    if (isLate(at)) return { ...step, counts: scaled(steps[at + 1]?.counts ?? noCounts, 0.5) };
    if (isLate(at - 1)) return { ...step, counts: scaled(step.counts ?? noCounts, 0.5) };
    return step;
  });
}

/** All of it. */
export function sumOfSteps(steps: readonly Step[]): Counts {
  return sumOf(steps.flatMap(({ counts }) => counts ?? []));
}

/** Seconds that something is known of. */
export function secondsOf(steps: readonly Step[]): number {
  return steps.reduce((sum, { seconds, counts }) => (counts === null ? sum : sum + seconds), 0);
}
