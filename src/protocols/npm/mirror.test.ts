import { afterEach, describe, expect, test } from 'bun:test';
import { virtualClock } from '../../../test/support/clock.ts';
import type { Answer } from '../../entry.ts';
import { type Home, jobAt, openHome } from './hosted/home.contract.ts';
import { closeWorld } from './world.contract.ts';

afterEach(closeWorld);

const day = 24 * 3600_000;
const bytesOf = (path: string) => new TextEncoder().encode(`tarball at ${path}`);
const upstream = async (path: string): Promise<Answer> => ({
  status: 200,
  headers: new Headers(),
  body: bytesOf(path),
});

async function mirror(home: Home, ...names: readonly string[]) {
  const { job, counts, notes } = jobAt(home, upstream);
  const wanted = names.map((name) => ({ name, version: '1.0.0', integrity: null }));
  await home.origin.protocol.mirror?.(wanted, job);
  return { counts, notes };
}

async function retire(home: Home) {
  const { job, counts } = jobAt(home);
  await home.origin.protocol.retire?.(job);
  return counts;
}

const isThere = async ({ stores }: Home, name: string) =>
  (await stores.metadata.get(['npm-mirror', 'npm', name, '1.0.0'])) !== null;

async function totals({ stores }: Home): Promise<number> {
  const found = await stores.metadata.scan(['usage-route', 'npm', 'mirrored']);
  return found.reduce((sum, { value }) => sum + (value as { bytes: number }).bytes, 0);
}

const used = async (home: Home, name: string) =>
  expect((await home.origin.get(`/${name}/-/${name}-1.0.0.tgz`)).status).toBe(200);

describe('what is mirrored', () => {
  test('is counted, and refused by name beyond its bound', async () => {
    const bytes = bytesOf('/a/-/a-1.0.0.tgz').byteLength;
    const home = await openHome({ mirror: { bytes: bytes + 1 } });
    expect((await mirror(home, 'a')).counts).toMatchObject({ mirrored: 1 });
    const { counts, notes } = await mirror(home, 'a', 'b');
    expect(counts).toMatchObject({ there: 1, missing: 1 });
    expect(notes[0]).toStartWith('b@1.0.0: what is mirrored on the route npm takes');
    expect(await totals(home)).toBe(bytes);
  });

  test('is kept for ever, where nothing else is said', async () => {
    const clock = virtualClock();
    const home = await openHome({}, clock);
    await mirror(home, 'a');
    clock.advance(10_000 * day);
    expect(await retire(home)).toEqual({});
  });

  test('has its time from when uses are noted', async () => {
    const clock = virtualClock();
    const home = await openHome({ mirror: { keepUnusedS: (30 * day) / 1000 } }, clock);
    await mirror(home, 'old');
    clock.advance(400 * day);
    expect(await retire(home)).toEqual({});
    clock.advance(32 * day);
    expect(await retire(home)).toMatchObject({ retired: 1 });
  });

  test('goes when no lock file has named it and nobody has asked for it, and its blob is nobody’s then', async () => {
    const clock = virtualClock();
    const home = await openHome({ mirror: { keepUnusedS: (30 * day) / 1000 } }, clock);
    await mirror(home, 'asked', 'named', 'forgotten');
    expect(await retire(home)).toEqual({});
    clock.advance(20 * day);
    await used(home, 'asked');
    await mirror(home, 'named');
    // It is noted while nobody waits for it.
    await Bun.sleep(50);
    clock.advance(10 * day);
    expect(await retire(home)).toEqual({});
    clock.advance(2 * day);
    const size = bytesOf('/forgotten/-/forgotten-1.0.0.tgz').byteLength;
    expect(await retire(home)).toEqual({ retired: 1, retiredBytes: size });
    expect([await isThere(home, 'asked'), await isThere(home, 'named')]).toEqual([true, true]);
    expect(await isThere(home, 'forgotten')).toBe(false);
    expect(await home.stores.metadata.scan(['blob'])).toHaveLength(2);
    clock.advance(20 * day);
    expect(await retire(home)).toMatchObject({ retired: 2 });
    expect(await totals(home)).toBe(0);
  });
});
