import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { budget } from './budget.ts';

test('within any ten seconds no more is spent than a share of what was asked, or the few that are always allowed', () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat(3_000), requests: fc.nat(20), wanted: fc.nat(20) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, fc.nat(100), fc.nat(5), (all, percent, atLeast) => {
      const purse = budget({ percent, atLeast });
      const log: { second: number; earned: number; spent: number }[] = [];
      let now = 0;
      for (const { afterMs, requests, wanted } of all) {
        now += afterMs;
        for (let n = 0; n < requests; n++) purse.earn(now);
        let spent = 0;
        for (let n = 0; n < wanted; n++) if (purse.spend(now)) spent++;
        log.push({ second: Math.floor(now / 1000), earned: requests, spent });
        const window = log.filter(({ second }) => second > Math.floor(now / 1000) - 10);
        const sum = (of: 'earned' | 'spent') => window.reduce((total, each) => total + each[of], 0);
        const room = Math.max(atLeast, (sum('earned') * percent) / 100);
        // What was earned may have been spent before it was forgotten; nothing is spent beyond the room there is now.
        if (spent > 0) expect(sum('spent')).toBeLessThanOrEqual(room);
        if (spent < wanted) expect(sum('spent') + 1).toBeGreaterThan(room);
      }
    }),
    { numRuns: 300 },
  );
});
