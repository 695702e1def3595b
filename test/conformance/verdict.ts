/**
 * What the suite's raw results mean. A test counts as passed only when those that it builds on have passed as well:
 * what looks like a refusal to reuse a response may just be a cache that never stores any.
 */
import { z } from 'zod';

/** What the suite's client wrote down: see `drive.mjs`. */
export const rawSchema = z.object({
  tests: z.array(
    z.object({
      id: z.string(),
      says: z.string(),
      group: z.string(),
      kind: z.enum(['required', 'optimal', 'check']).default('required'),
      dependsOn: z.array(z.string()).default([]),
    }),
  ),
  /** `true`, or the name of what went wrong (`Setup`, `Assertion`, …) and a sentence. */
  results: z.record(z.string(), z.union([z.literal(true), z.tuple([z.string(), z.string()])])),
});

export type Raw = z.output<typeof rawSchema>;
type Test = Raw['tests'][number];
export type Kind = Test['kind'];

export interface Verdict {
  readonly id: string;
  readonly group: string;
  readonly says: string;
  readonly kind: Kind;
  readonly passed: boolean;
  /** Why not; `null` when it passed. */
  readonly reason: string | null;
}

/** @param honourDependencies not when only some tests were run. */
export function verdicts({ tests, results }: Raw, honourDependencies: boolean): Verdict[] {
  const byId = new Map(tests.map((test) => [test.id, test]));

  function reasonOf(test: Test): string | null {
    const own = ownReason(results[test.id]);
    const missing = honourDependencies ? test.dependsOn.filter(fails) : [];
    if (missing.length === 0) return own;
    return `builds on ${missing.join(', ')}; by itself: ${own ?? 'passed'}`;
  }

  function fails(id: string): boolean {
    const test = byId.get(id);
    return test === undefined || reasonOf(test) !== null;
  }

  return tests.map((test) => {
    const { id, group, says, kind } = test;
    const reason = reasonOf(test);
    return { id, group, says, kind, passed: reason === null, reason };
  });
}

function ownReason(result: Raw['results'][string] | undefined): string | null {
  if (result === undefined) return 'was not run';
  if (result === true) return null;
  const [what, sentence] = result;
  return what === 'Assertion' ? sentence : `${what}: ${sentence}`;
}

export interface Score {
  readonly passed: number;
  readonly total: number;
}

export function scoreOf(all: readonly Verdict[], kind: Kind): Score {
  const ofKind = all.filter((verdict) => verdict.kind === kind);
  return { passed: ofKind.filter(({ passed }) => passed).length, total: ofKind.length };
}
