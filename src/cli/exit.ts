/**
 * How commands end.
 */

/** Exit codes, as the help shows them. 69 is the launcher's (`bin/`): EX_UNAVAILABLE of sysexits(3). */
export const exit = { ok: 0, failure: 1, usage: 2, degraded: 3 } as const;

export type ExitCode = (typeof exit)[keyof typeof exit];

export const exitCodes =
  'Exit codes: 0 done, 1 failure, 2 wrong usage, 3 degraded (a node is down), 69 runtime missing.';

/** The command line makes no sense: shown without a stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
