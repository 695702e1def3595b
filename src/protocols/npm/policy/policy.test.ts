/** What a change of the policy leads to, throughout the network. */
import { afterEach, expect, test } from 'bun:test';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, temporary, virtualClock } from '../../../../test/support/index.ts';
import { openSqlite } from '../../../origin/metadata/sqlite.ts';
import type { OriginHome } from '../../../protocol.ts';
import { beginWithoutPolicy } from '../../follow-policy.ts';
import { Deriver } from '../deriver.ts';
import { closeLater, closeWorld } from '../world.contract.ts';

import { followed, openPolicy, type PolicyOptions } from './policy.ts';

afterEach(closeWorld);

/** An origin's store, which outlives its processes, and what they have purged. */
async function world() {
  const folder = temporary('policy');
  closeLater(() => folder[Symbol.dispose]());
  const clock = virtualClock();
  const metadata = await openSqlite({ path: join(folder.path, 'metadata.db'), clock });
  closeLater(() => metadata.close());
  const purged: string[] = [];
  const state = { isBusThere: true };
  const home: OriginHome = {
    stores: { metadata, blobs: null as never, usage: null as never, audit: null as never },
    warn: (message) => purged.push(message),
    async purge(selectors, soft) {
      if (!state.isBusThere) throw new Error('nobody hears');
      purged.push(
        `${soft ? 'soft' : 'hard'} ${selectors.map((each) => Object.values(each).join(' ')).join(', ')}`,
      );
    },
  };
  const path = join(folder.path, 'osv.json');
  let written = 0;
  return {
    state,
    purged,
    home,
    path,
    write(names: readonly string[]) {
      const records = names.map((name) => ({
        id: name,
        affected: [{ package: { ecosystem: 'npm', name }, versions: ['1.0.0'] }],
      }));
      writeFileSync(path, JSON.stringify(records));
      utimesSync(path, new Date(), new Date(1_700_000_000_000 + ++written * 1000));
    },
    begin(options: Partial<PolicyOptions>) {
      const deriver = new Deriver();
      closeLater(() => deriver.close());
      const whole = { blocked: [], provenance: [], ...options };
      const policy = openPolicy(whole, { route: 'npm', deriver, clock });
      closeLater(() => policy.close());
      policy.begin(home);
      return policy;
    },
    /** After all that has been begun by now. */
    async settled(lines: number) {
      await eventually(`${lines} lines, not ${purged.join('; ')}`, () => purged.length >= lines);
      // The store answers in the order in which it is asked, so whatever was begun before has been done.
      for (let trips = 0; trips < 5; trips++) await metadata.get(['npm-policy', 'npm']);
      return purged.splice(0);
    },
    /** Lets the feed be looked at. */
    async later() {
      await eventually('the next look to be due', () => clock.waiting > 0);
      clock.advance(60_000);
    },
  };
}

test('caches are told once of a policy, of another one, and of its end', async () => {
  const { begin, settled, home } = await world();
  begin({ blocked: ['left'] });
  expect(await settled(1)).toEqual(['soft route npm']);
  begin({ blocked: ['left'] });
  begin({ blocked: ['right'] });
  expect(await settled(1)).toEqual(['soft route npm']);
  beginWithoutPolicy({ ...followed('npm'), home });
  expect(await settled(1)).toEqual(['soft route npm']);
  beginWithoutPolicy({ ...followed('npm'), home });
  beginWithoutPolicy({ ...followed('other'), home });
  expect(await settled(0)).toEqual([]);
});

test('what could not be told is told by the next process', async () => {
  const { begin, settled, state } = await world();
  state.isBusThere = false;
  begin({ blocked: ['left'] });
  expect(await settled(1)).toEqual(['what the policy has changed may be late at other nodes']);
  state.isBusThere = true;
  begin({ blocked: ['left'] });
  expect(await settled(1)).toEqual(['soft route npm']);
});

test('a feed that changes concerns the packages that it says something else of', async () => {
  const { begin, settled, write, later, path } = await world();
  const advisories = { path, severity: 'low', except: [], checkS: 60 } as const;
  write(['left', 'right']);
  const policy = begin({ advisories });
  expect(await settled(1)).toEqual(['soft route npm']);
  write(['left', 'middle']);
  await later();
  expect(await settled(1)).toEqual(['soft tag npm:right, tag npm:middle']);
  expect(policy.termsOf('right')).toBeNull();
  expect(policy.termsOf('middle')?.advisories).toHaveLength(1);
  write(Array.from({ length: 600 }, (_, at) => `p${at}`));
  await later();
  expect(await settled(1)).toEqual(['soft route npm']);
  await begin({ advisories }).ready();
  expect(await settled(0)).toEqual([]);
});

test('advisories count by their severity, unless they are excepted', async () => {
  const { begin, path } = await world();
  const record = (id: string, severity: string, aliases: string[] = []) => ({
    ...{ id, aliases, database_specific: { severity } },
    affected: [{ package: { ecosystem: 'npm', name: 'left' }, versions: ['1.0.0'] }],
  });
  const records = [
    record('A', 'LOW'),
    record('B', 'HIGH'),
    record('C', 'CRITICAL', ['CVE-1']),
    record('D', 'HIGH'),
  ];
  writeFileSync(path, JSON.stringify(records));
  const policy = begin({ advisories: { path, severity: 'high', except: ['CVE-1', 'D'], checkS: 60 } });
  expect(() => policy.termsOf('left')).toThrow('policy-unready');
  await policy.ready();
  expect(policy.termsOf('left')?.advisories.map(({ id }) => id)).toEqual(['B']);
});
