/** What running totals and their bounds have to hold to, whatever the metadata is in. */
import { describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Bounds, Kept, MetadataStore, Owned, Usage, Weight } from '../../store.ts';
import { openedForAll } from '../opened.contract.ts';
import { type Ledger, lastRecount, recount } from './recount.ts';
import { packageUseKey, routeUses, scopeUses, sumBelow, useAt, writeUse } from './totals.ts';
import { openUsage } from './usage.ts';

export interface UsageSubject {
  open(): Promise<MetadataStore>;
  stop(): Promise<void>;
}

export function usageContract(engine: string, start: () => Promise<UsageSubject>): void {
  let metadata: MetadataStore;
  const next = openedForAll(start, (_: UsageSubject, store: MetadataStore) => {
    metadata = store;
  });
  const lines: string[] = [];
  let storeBytes: number | undefined;
  const usage: Usage = openUsage({
    storeBytes: () => storeBytes,
    inWords: (bytes) => `${bytes} bytes`,
    warn: (message, { what }) => void lines.push(`${message}: ${what}`),
  });

  /** Another route each time. */
  function fresh() {
    const route = `route-${next()}`;
    const of = (name: string, kept: Kept = 'hosted'): Owned => ({ route, kept, name });
    return {
      route,
      of,
      async add(name: string, bytes: number, bounds: Bounds = {}): Promise<void> {
        const more = { versions: 1, bytes };
        const told = await metadata.transact((transaction) =>
          usage.charge(transaction, of(name), more, bounds),
        );
        told();
      },
      take: (name: string, less: Weight) =>
        metadata.transact((transaction) => usage.discharge(transaction, of(name), less)),
      sum: (kept: Kept = 'hosted') => sumBelow(metadata, routeUses(route, kept)),
      ofScope: (scope: string) => sumBelow(metadata, scopeUses(route, 'hosted', scope)),
      ofPackage: (name: string) => useAt(metadata, packageUseKey(of(name))),
    };
  }

  async function refusal(work: Promise<void>): Promise<string> {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof MeridianError)) throw new Error('it was not refused');
    expect([error.code, error.row.status]).toEqual(['quota-exceeded', 403]);
    return error.detail;
  }

  describe(`totals in ${engine}`, () => {
    test('say of each package, scope and route what is there', async () => {
      const { add, take, sum, ofScope, ofPackage } = fresh();
      await add('@acme/a', 100);
      await add('@acme/a', 20);
      await add('@acme/b', 3);
      await add('plain', 1_000);
      expect(await ofPackage('@acme/a')).toEqual({ packages: 1, versions: 2, bytes: 120 });
      expect(await ofScope('@acme')).toEqual({ packages: 2, versions: 3, bytes: 123 });
      expect(await sum()).toEqual({ packages: 3, versions: 4, bytes: 1_123 });
      await take('@acme/a', { versions: 2, bytes: 120 });
      expect(await ofScope('@acme')).toEqual({ packages: 1, versions: 1, bytes: 3 });
      await take('@acme/b', { versions: 1, bytes: 3 });
      expect(await ofScope('@acme')).toEqual({ packages: 0, versions: 0, bytes: 0 });
    });

    test('are none where nothing is written after all', async () => {
      const { of, sum } = fresh();
      const failing = metadata.transact(async (transaction) => {
        await usage.charge(transaction, of('a'), { versions: 1, bytes: 5 }, {});
        throw new Error('something else is wrong');
      });
      await expect(failing).rejects.toThrow('something else');
      expect(await sum()).toMatchObject({ bytes: 0 });
    });

    test('are right when many come and go at once', async () => {
      const { add, take, sum, ofPackage } = fresh();
      const work = Array.from({ length: 24 }, async (_, nth) => {
        await add(`@acme/${nth % 5}`, 10);
        if (nth % 3 === 0) await take(`@acme/${nth % 5}`, { versions: 1, bytes: 10 });
      });
      await Promise.all(work);
      expect(await sum()).toEqual({ packages: 5, versions: 16, bytes: 160 });
      const each = await Promise.all([0, 1, 2, 3, 4].map((nth) => ofPackage(`@acme/${nth}`)));
      expect(each.reduce((all, { bytes }) => all + bytes, 0)).toBe(160);
    }, 30_000);
  });

  describe(`a bound in ${engine}`, () => {
    const cases: readonly (readonly [what: string, bounds: Bounds, said: string])[] = [
      ['of a route', { routeBytes: 250 }, 'what is hosted on the route'],
      ['of a scope', { scopeBytes: 250 }, 'the scope @acme takes 200 bytes of 250 bytes, and 100 bytes more'],
      ['of a package', { packageBytes: 250 }, '@acme/a takes 200 bytes of 250 bytes'],
      ['of versions', { versions: 2 }, '@acme/a takes 2 versions of 2 versions, and 1 version more'],
    ];
    for (const [what, bounds, said] of cases) {
      test(`${what} is never passed, and holds no longer when something goes`, async () => {
        const { add, take, sum } = fresh();
        await add('@acme/a', 100, bounds);
        await add('@acme/a', 100, bounds);
        expect(await refusal(add('@acme/a', 100, bounds))).toContain(said);
        expect(await sum()).toMatchObject({ versions: 2, bytes: 200 });
        await take('@acme/a', { versions: 1, bytes: 100 });
        await add('@acme/a', 100, bounds);
      });
    }

    test('is for what it is of: other scopes, other packages, and what has no scope, are none of its business', async () => {
      const { add } = fresh();
      await add('@acme/a', 100, { scopeBytes: 100, packageBytes: 100, versions: 1 });
      await add('@other/a', 100, { scopeBytes: 100, packageBytes: 100, versions: 1 });
      await add('plain', 1_000, { scopeBytes: 100 });
      await add('plainer', 1_000, { scopeBytes: 100 });
    });

    test('of the store holds for all routes, and for what is mirrored, together', async () => {
      const [one, other] = [fresh(), fresh()];
      await one.add('a', 100);
      const before = (await sumBelow(metadata, routeUses())).bytes;
      storeBytes = before + 150;
      try {
        const mirrored = other.of('b', 'mirrored');
        await metadata.transact((transaction) =>
          usage.charge(transaction, mirrored, { versions: 1, bytes: 100 }, {}),
        );
        expect(await refusal(one.add('a', 100))).toContain('the store takes');
        expect(await refusal(other.add('c', 51))).toContain('the store takes');
        await other.add('c', 50);
      } finally {
        storeBytes = undefined;
      }
    });

    test('is not passed by those who come at the same time', async () => {
      for (const bounds of [{ routeBytes: 100 }, { scopeBytes: 100 }] satisfies Bounds[]) {
        const { add, sum } = fresh();
        const outcomes = await Promise.allSettled(
          Array.from({ length: 16 }, (_, nth) => add(`@acme/${nth}`, 20, bounds)),
        );
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
        expect(await sum()).toEqual({ packages: 5, versions: 5, bytes: 100 });
      }
    }, 60_000);

    test('that comes near is told once at 80 and once at 95 percent', async () => {
      const { add } = fresh();
      lines.length = 0;
      for (const bytes of [70, 5, 5, 10, 5, 5]) await add('@acme/near', bytes, { scopeBytes: 100 });
      expect(lines).toEqual([
        '80% of a quota is used: the scope @acme',
        '95% of a quota is used: the scope @acme',
      ]);
    });
  });

  describe(`a recount in ${engine}`, () => {
    function ledgerOf(route: string, packages: Readonly<Record<string, Weight>>): Ledger {
      return {
        route,
        async *names(_, kept) {
          if (kept === 'hosted') yield* Object.keys(packages);
        },
        weigh: async (_, kept, name) =>
          (kept === 'hosted' ? packages[name] : undefined) ?? { versions: 0, bytes: 0 },
      };
    }

    async function counted(ledger: Ledger) {
      const counts = { packages: 0, corrected: 0 };
      const count = (what: keyof typeof counts) => void counts[what]++;
      const { signal } = new AbortController();
      await recount({ metadata, ledgers: [ledger], clock: virtualClock(5_000), count, signal });
      return counts;
    }

    test('finds what is older than totals, says so, and changes nothing the next time', async () => {
      const { route, sum, ofScope } = fresh();
      const ledger = ledgerOf(route, {
        '@acme/a': { versions: 2, bytes: 30 },
        '@acme/b': { versions: 1, bytes: 5 },
        plain: { versions: 7, bytes: 700 },
        gone: { versions: 0, bytes: 0 },
      });
      expect((await counted(ledger)).corrected).toBe(3);
      expect(await sum()).toEqual({ packages: 3, versions: 10, bytes: 735 });
      expect(await ofScope('@acme')).toEqual({ packages: 2, versions: 3, bytes: 35 });
      expect((await counted(ledger)).corrected).toBe(0);
      expect(await lastRecount(metadata)).toEqual({ atMs: 5_000, corrected: 0 });
    });

    test('puts right what is wrong at any level', async () => {
      const { route, of, add, sum, ofScope, ofPackage } = fresh();
      await add('@acme/a', 30);
      await add('@gone/b', 40);
      const wrong = { packages: 9, versions: 9, bytes: 9 };
      await metadata.transact((transaction) =>
        writeUse(transaction, scopeUses(route, 'hosted', '@acme', '0'), wrong),
      );
      await metadata.transact((transaction) => writeUse(transaction, routeUses(route, 'hosted', '1'), wrong));
      await metadata.transact((transaction) =>
        writeUse(transaction, packageUseKey(of('@acme/a')), { packages: 1, versions: 1, bytes: 31 }),
      );
      const { corrected } = await counted(ledgerOf(route, { '@acme/a': { versions: 1, bytes: 30 } }));
      expect(corrected).toBeGreaterThanOrEqual(4);
      expect(await sum()).toEqual({ packages: 1, versions: 1, bytes: 30 });
      expect(await ofScope('@acme')).toEqual({ packages: 1, versions: 1, bytes: 30 });
      expect(await ofPackage('@gone/b')).toMatchObject({ versions: 0 });
    });
  });
}
