/**
 * Which machine a verified token stands for: the first rule whose claims it has, all of them. A `*` in a rule stands for any
 * text; a claim that is a list has to hold one that matches.
 */
import { nameTest } from '../pattern.ts';
import type { Claims } from './verify.ts';

export interface MachineRule {
  /** Name of the machine: rights are given to `machine:<name>`. */
  readonly machine: string;
  readonly claims: Readonly<Record<string, string>>;
}

export function machineOf(rules: readonly MachineRule[], claims: Claims): string | undefined {
  return rules.find((rule) =>
    Object.entries(rule.claims).every(([name, pattern]) => has(claims[name], pattern)),
  )?.machine;
}

function has(value: unknown, pattern: string): boolean {
  const test = nameTest([pattern]);
  if (Array.isArray(value)) return value.some((each) => typeof each === 'string' && test(each));
  return (
    (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') &&
    test(String(value))
  );
}
