import { afterEach, describe, expect, test } from 'bun:test';
import { hub } from '../../../test/support/bus.ts';
import { temporary } from '../../../test/support/index.ts';
import { systemClock } from '../../clock.ts';
import { openSqlite } from '../../origin/metadata/sqlite.ts';
import type { MetadataStore } from '../../store.ts';
import { openReplica } from '../replica/replica.ts';
import { all, keys } from './documents.ts';
import { openRegister, type Register } from './register.ts';

const operator = { by: 'operator', token: null, from: null };
const house = { by: 'origin', token: null, from: null };
const around = { clock: systemClock, openRoutes: () => [], warn: () => undefined };
const owner = 'user:alice';
/** More than fit in two transactions. */
const many = 600;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A register whose store dies after so many transactions. */
async function world() {
  const folder = temporary('leaving');
  ends.push(() => folder[Symbol.dispose]());
  const metadata = await openSqlite({ path: `${folder.path}/metadata.db`, clock: systemClock });
  ends.push(() => metadata.close());
  const bus = hub();
  const open = (store: MetadataStore): Register => {
    const register = openRegister({ metadata: store, bus: bus.join('origin'), ...around });
    ends.push(() => register.close());
    return register;
  };
  const register = open(metadata);
  await register.addUser(operator, { name: 'alice' });
  await register.addUser(operator, { name: 'bob' });
  return { metadata, register, open, bus };
}

function make(register: Register, of: 'user:alice' | 'user:bob', count: number, expiresMs?: number) {
  return Promise.all(
    Array.from({ length: count }, () => register.makeToken(operator, { owner: of, expiresMs })),
  );
}

async function count(metadata: MetadataStore, prefix: readonly string[]): Promise<number> {
  let found = 0;
  for await (const _ of all(metadata, prefix)) found++;
  return found;
}

/** As it was written before there were pointers. */
async function forgetPointers(metadata: MetadataStore): Promise<void> {
  const found: (readonly string[])[] = [];
  for (const prefix of [['access', 'held'], keys.expiries, keys.filled])
    for await (const { key } of all(metadata, prefix)) found.push(key);
  await metadata.transact(async (transaction) => {
    for (const key of found) await transaction.delete(key);
  });
}

/** Writes down who is removed, and fails at the next transaction: as if the process had been killed in between. */
function dyingAfterFirst(metadata: MetadataStore): MetadataStore {
  let left = 1;
  return {
    ...metadata,
    transact: (work, options) =>
      left-- > 0 ? metadata.transact(work, options) : Promise.reject(new Error('killed')),
  };
}

describe('a user who is removed', () => {
  test('leaves no token, and others keep theirs', async () => {
    const { register, metadata } = await world();
    await register.fillHolders();
    await make(register, owner, many, systemClock.now() + 3600_000);
    const [kept] = await make(register, 'user:bob', 1);
    await register.removeUser(operator, 'alice');
    expect(await register.tokens({})).toMatchObject([{ id: kept?.token.id }]);
    expect(await count(metadata, ['access', 'held'])).toBe(1);
    expect(await count(metadata, keys.expiries)).toBe(0);
    expect(await count(metadata, ['access', 'hash'])).toBe(1);
    const lines = await register.audit({ limit: 1_000 });
    const removed = lines.filter(({ what }) => what === 'user.remove-tokens');
    expect(removed.map(({ subject, detail }) => [subject, detail])).toEqual([
      ['alice', { tokens: 256 }],
      ['alice', { tokens: 88 }],
    ]);
  });

  test('is nobody at once, and what a crash has left is removed later', async () => {
    const { register, metadata, open, bus } = await world();
    await register.fillHolders();
    const made = await make(register, owner, many);
    const shown = made.at(-1);
    const replica = openReplica({ bus: bus.join('pop'), ...around });
    ends.push(() => replica.close());
    const dying = open(dyingAfterFirst(metadata));
    await expect(dying.removeUser(operator, 'alice')).rejects.toThrow('killed');

    expect(await count(metadata, keys.tokens)).toBe(many - 256);
    await register.told(5_000);
    await replica.ready;
    for (const { text } of made)
      expect(['disabled', 'unknown']).toContain(String(replica.identify(text, systemClock.now(), () => '')));
    const left = (await register.tokens({ owner, limit: 1 }))[0];
    const caller = { token: left?.id ?? '', address: '192.0.2.1' };
    expect((await register.identify(caller, systemClock.now())).token).toBeNull();
    await expect(register.addUser(operator, { name: 'alice' })).rejects.toMatchObject({ code: 'conflict' });

    expect(await register.finishRemovals(house)).toBe(1);
    expect(await count(metadata, keys.tokens)).toBe(0);
    expect(await register.byHash(shown?.token.hash ?? '')).toBeNull();
    expect(await register.finishRemovals(house)).toBe(0);
    await register.addUser(operator, { name: 'alice' });
    expect(await register.tokens({ owner })).toEqual([]);
  });

  test('leaves none of before there were lists of owners', async () => {
    const { register, metadata } = await world();
    await make(register, owner, many);
    await make(register, 'user:bob', 2);
    await forgetPointers(metadata);
    await register.removeUser(operator, 'alice');
    expect((await register.tokens({})).map((token) => token.owner)).toEqual(['user:bob', 'user:bob']);
  });
});

describe('tokens of before there were lists of owners', () => {
  test('are found all the same, and listed once for good', async () => {
    const { register, metadata, open } = await world();
    const expiresMs = systemClock.now() + 60_000;
    await make(register, owner, many, expiresMs);
    await make(register, 'user:bob', 3);
    await forgetPointers(metadata);
    expect(await register.tokens({ owner: 'user:bob' })).toHaveLength(3);
    expect(await register.tokens({ owner })).toHaveLength(many);

    const [first] = await Promise.all([register.fillHolders(), open(metadata).fillHolders()]);
    expect(first).toBeGreaterThan(0);
    expect(await count(metadata, ['access', 'held'])).toBe(many + 3);
    expect(await count(metadata, keys.expiries)).toBe(many);
    expect(await register.tokens({ owner: 'user:bob' })).toHaveLength(3);
    expect(await register.tokens({ owner })).toHaveLength(many);
    expect(await open(metadata).fillHolders()).toBe(0);
    expect(await register.removeExpired(house, expiresMs + 1)).toBe(many);
  });

  test('are listed from where it was stopped', async () => {
    const { register, metadata, open } = await world();
    await make(register, owner, many);
    await forgetPointers(metadata);
    await expect(open(dyingAfterFirst(metadata)).fillHolders()).rejects.toThrow('killed');
    expect(await count(metadata, ['access', 'held'])).toBe(256);
    // What is not complete is not gone by.
    expect(await register.tokens({ owner })).toHaveLength(many);
    const [{ token }] = (await make(register, owner, 1)) as [Awaited<ReturnType<Register['makeToken']>>];
    await register.revokeToken(operator, token.id);
    expect(await register.fillHolders()).toBe(many - 256);
    expect(await count(metadata, ['access', 'held'])).toBe(many);
  });

  test('wait while the house is closed', async () => {
    const { register, metadata } = await world();
    await make(register, owner, 1);
    await forgetPointers(metadata);
    expect(await register.fillHolders(AbortSignal.abort())).toBe(0);
    expect(await count(metadata, ['access', 'held'])).toBe(0);
  });
});
