import { afterEach, describe, expect, test } from 'bun:test';
import { hub } from '../../test/support/bus.ts';
import { virtualClock } from '../../test/support/clock.ts';
import { eventually, temporary } from '../../test/support/index.ts';
import { openRegister, type Register } from '../access/register/register.ts';
import { systemClock } from '../clock.ts';
import type { StoreConfig } from '../config/network.ts';
import { standardStore } from '../config/schema-store.ts';
import { silentLog } from '../telemetry/log.ts';
import { keepHouse } from './housekeeping.ts';
import type { Site } from './node.ts';
import { openStores } from './stores.ts';
import { openWorks } from './works.ts';

const operator = { by: 'operator', token: null, from: null };
const owner = 'machine:ci';
const hourMs = 3600_000;
const withoutRoutes = { routes: { all: [] } } as unknown as Site;

describe('the house of an origin', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function house(auditMs: number | null) {
    const folder = temporary('housekeeping');
    ends.push(() => folder[Symbol.dispose]());
    const clock = virtualClock();
    const config: StoreConfig = {
      blobs: { engine: 'files', path: `${folder.path}/blobs` },
      metadata: { engine: 'sqlite', path: `${folder.path}/metadata.db` },
      collection: { everyS: 0, graceS: 0 },
      uploads: standardStore.uploads,
      minFreeBytes: 0,
    };
    const stores = await openStores(config, systemClock, silentLog);
    ends.push(() => stores.close());
    const around = { clock, warn: () => undefined };
    const register = openRegister({
      ...{ metadata: stores.metadata, bus: hub().join('origin'), openRoutes: () => [] },
      ...around,
    });
    ends.push(() => register.close());
    const nothingToDo = () => {
      throw new Error('nobody has ordered anything');
    };
    const works = openWorks({ ...around, taskFor: nothingToDo, audit: async () => undefined });
    ends.push(() => works.close());
    let looks = 0;
    const removeExpired: Register['removeExpired'] = async (...given) => {
      const removed = await register.removeExpired(...given);
      looks++;
      return removed;
    };
    const kept = keepHouse({
      ...{
        stores,
        clock,
        works,
        register: { ...register, removeExpired },
        uploadRestMs: () => 24 * 3_600_000,
        by: 'origin',
        graceMs: 0,
        everyMs: 0,
        log: silentLog,
      },
      auditMs: () => auditMs,
      site: () => withoutRoutes,
    });
    ends.push(() => kept.close());
    kept.begin();
    await eventually('the first look', () => looks > 0);
    /** So much later, and what is done then. */
    async function later(ms: number) {
      const before = looks;
      clock.advance(ms);
      await eventually('another look', () => {
        if (looks === before) clock.advance(10_000);
        return looks > before;
      });
    }
    const lines = async (what: string) => (await register.audit({})).filter((line) => line.what === what);
    return { clock, metadata: stores.metadata, register, later, lines };
  }

  test('is rid of a token a day after it has expired', async () => {
    const { clock, register, later, lines } = await house(null);
    const expiresMs = clock.now() + hourMs;
    const { token } = await register.makeToken(operator, { owner, expiresMs });
    await later(24 * hourMs);
    expect(await register.token(token.id)).not.toBeNull();
    await later(2 * hourMs);
    expect(await register.token(token.id)).toBeNull();
    expect((await lines('token.expire')).map(({ subject }) => subject)).toEqual([token.id]);
    expect(await lines('token.create')).toHaveLength(1);
  });

  test('lists tokens of before by their owners, at its first look', async () => {
    const { metadata } = await house(null);
    expect((await metadata.get(['access', 'filled']))?.value).toEqual({ after: '', isDone: true });
  });

  test('removes what a user has left whose removal was killed', async () => {
    const { metadata, register, later, lines } = await house(null);
    await register.addUser(operator, { name: 'alice' });
    const { token } = await register.makeToken(operator, { owner: 'user:alice' });
    // As a killed removal leaves it.
    await metadata.transact(async (transaction) => {
      await transaction.delete(['access', 'user', 'alice']);
      await transaction.put(['access', 'leaving', 'alice'], {});
    });
    await later(hourMs);
    expect(await register.token(token.id)).toBeNull();
    expect((await lines('user.remove-tokens')).map(({ by, subject }) => [by, subject])).toEqual([
      ['origin', 'alice'],
    ]);
  });

  test('keeps lines of the audit log for as long as the config says', async () => {
    const { register, later, lines } = await house(48 * hourMs);
    await register.addUser(operator, { name: 'alice' });
    await later(24 * hourMs);
    await register.addUser(operator, { name: 'bob' });
    await later(26 * hourMs);
    await eventually('the older line to be gone', async () => (await lines('user.add')).length === 1);
    expect((await lines('user.add')).map(({ subject }) => subject)).toEqual(['bob']);
    await eventually('that to be written down', async () => (await lines('audit.drop')).length > 0);
    expect((await lines('audit.drop'))[0]?.detail).toEqual({ lines: 1 });
  });
});
