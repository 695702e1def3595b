/** Entering generations of an upstream: only whole ones, but not for ever none. */
import { afterEach, expect, test } from 'bun:test';
import { virtualClock } from '../../../../test/support/clock.ts';
import type { Pulling } from '../../registry/ecosystem.ts';
import { closeHomes, openTestHome } from '../../registry/hosted/home.contract.ts';
import { apt } from '../apt.ts';
import { parseRelease } from '../release.ts';
import { enter } from './enter.ts';
import type { Generation } from './generation.ts';
import { noteIndex, openKnown } from './known.ts';

afterEach(closeHomes);

const at = { archive: 'debian', folder: 'dists/stable' };
const path = 'main/i18n/Translation-en.xz';
const hash = (digit: string) => digit.repeat(64);

function generation(digit: string): Generation {
  const release = parseRelease(`Suite: stable\nSHA256:\n ${hash(digit)} 12 ${path}\n`);
  return {
    release,
    sha256: hash(digit),
    lastModified: null,
    files: { inRelease: null, release: null, signature: null },
  };
}

/** An origin whose caches and upstream have these indexes alone. */
async function opened(...there: readonly string[]) {
  const clock = virtualClock();
  const home = await openTestHome({ clock }, apt('packages'));
  const has = new Set(there);
  const asked: string[] = [];
  const { registry, ask, door } = home.as(null);
  const read: Pulling['door']['read'] = async ({ key }) => {
    asked.push(key);
    const status = [...has].some((digit) => key.endsWith(hash(digit))) ? 200 : 404;
    return { status, headers: new Headers(), bytes: new Uint8Array() };
  };
  return {
    clock,
    home,
    has,
    asked,
    known: openKnown('packages'),
    pulling: { registry, ask, door: { ...door, read } },
  };
}

test('a generation is entered with what clients ask for of it, once, and purges what has plain names', async () => {
  const { home, asked, known, pulling } = await opened('1', '2');
  await enter(at, generation('1'), known, pulling);
  expect(asked).toEqual([]);
  await known.note(at, home.stores, (suite) => noteIndex(suite, path, hash('1')));
  await enter(at, generation('2'), known, pulling);
  await enter(at, generation('2'), known, pulling);
  expect(asked).toEqual([`packages by-hash/debian/dists/stable/main/i18n/by-hash/SHA256/${hash('2')}`]);
  expect(home.purged).toContainEqual({ by: 'tag', tag: 'apt-plain:debian/stable' });
  // After a restart, the origin knows it all the same.
  const suites = await openKnown('packages').of('debian', home.stores, 0);
  expect(suites.get('dists/stable')?.indexes.get(path)).toEqual([hash('2'), hash('1')]);
});

test('what cannot be had holds a generation up for ten minutes, and not for ever', async () => {
  const { clock, home, has, known, pulling } = await opened('1');
  await enter(at, generation('1'), known, pulling);
  await known.note(at, home.stores, (suite) => noteIndex(suite, path, hash('1')));
  const entering = () =>
    enter(at, generation('2'), known, pulling).then(
      () => 'entered',
      (error: Error) => error.message,
    );
  expect(await entering()).toContain('names a main/i18n/Translation-en.xz that cannot be had yet');
  clock.advance(9 * 60_000);
  expect(await entering()).toContain('cannot be had yet');
  clock.advance(60_000);
  expect(await entering()).toBe('entered');
  has.add('3');
  expect(await enter(at, generation('3'), known, pulling)).toBeUndefined();
});
