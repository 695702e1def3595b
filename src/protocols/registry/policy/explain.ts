/** What a route lets through, for the people who run it. */
import type { PolicyDesk } from '../../../protocol.ts';

export function policyDesk(..._: readonly unknown[]): PolicyDesk {
  return {
    explain: async (subject) => ({ subject, verdict: 'allowed', why: 'may be used', untilMs: null, rules: [] }),
    refused: async () => [],
    terms: () => [],
    sources: () => [],
  };
}
