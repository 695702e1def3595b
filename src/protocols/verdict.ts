/** What the rules of a policy find, and how that is said: the same words, whatever the protocol. */
import type { ExplainedRule, Explanation } from '../protocol.ts';

export interface RuleFinding<Rule extends string = string> {
  readonly rule: Rule;
  readonly passes: boolean;
  /** Completes "lodash@4.17.20 …". */
  readonly why: string;
  /** When a rule that is against it no longer will be, ms since the epoch; `null`: by itself never. */
  readonly untilMs: number | null;
}

export const allowed = { verdict: 'allowed', untilMs: null, rules: [] } as const;

export function verdictOn(subject: string, findings: readonly RuleFinding[]): Explanation {
  const rules: ExplainedRule[] = findings.map(({ rule, passes, why }) => ({ rule, passes, why }));
  const against = findings.filter(({ passes }) => !passes);
  if (against.length === 0) return { ...allowed, subject, why: 'may be used', rules };
  return { subject, verdict: 'refused', why: reasonsOf(against), untilMs: untilOf(against), rules };
}

/** When none of the rules that are against a version still is, ms since the epoch; `null`: by themselves never. */
export function untilOf(against: readonly RuleFinding[]): number | null {
  let latestMs: number | null = null;
  for (const { untilMs } of against) {
    if (untilMs === null) return null;
    latestMs = Math.max(untilMs, latestMs ?? untilMs);
  }
  return latestMs;
}

export function reasonsOf(against: readonly RuleFinding[]): string {
  return against.map(({ why }) => why).join(', and ');
}

export function count(number: number, one: string, several: string): string {
  return `${number} ${number === 1 ? one : several}`;
}

/** `2026-11-21 18:30 UTC`. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `7 days`. */
export function duration(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ] as const;
  const [unit, size] = units.find(([, each]) => ms >= each && ms % each === 0) ?? ['second', 1000];
  return count(Math.round(ms / size), unit, `${unit}s`);
}
