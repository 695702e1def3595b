/** Generations of suites that live here: when one is made, what it says, and how long what it names can be had. */
import { afterEach, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { generateKey } from 'openpgp';
import { virtualClock } from '../../../../test/support/clock.ts';
import { smallDeb } from '../../../../test/support/deb.ts';
import { temporary } from '../../../../test/support/temporary.ts';
import {
  alice,
  closeHomes,
  homeWith,
  openTestHome,
  refusalOf,
  someone,
  type TestHome,
  textOf,
} from '../../registry/hosted/home.contract.ts';
import { apt } from '../apt.ts';
import { clearTextOf, parseRelease } from '../release.ts';
import { currentGeneration } from './generation.ts';

afterEach(closeHomes);

const dayMs = 86_400_000;
const stable = { archive: 'acme', suite: 'stable' };
const ecosystem = apt('packages');

async function opened() {
  const clock = virtualClock();
  const home = await openTestHome({ names: ['acme-*'], public: ['*'], clock }, ecosystem);
  return { clock, home };
}

function upload(
  home: TestHome,
  body: Uint8Array<ArrayBuffer>,
  { by = alice, path = '/acme/stable/main' } = {},
) {
  const at = { ...home.as(by, { method: 'POST', body }), path, query: '' };
  return ecosystem.receive?.('upload', at) ?? Promise.reject(new Error('nothing is received'));
}

async function read(
  home: TestHome,
  path: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const found = ecosystem.read(`/acme/${path}`, '');
  if (found.as !== 'item') throw new Error(`${path} is no item`);
  const answer = await ecosystem.pull(found.item, home.as(null));
  return { status: answer.status, text: await textOf(answer) };
}

const releaseOf = async (home: TestHome) => {
  const { text } = await read(home, 'dists/stable/InRelease');
  return { text, ...parseRelease(clearTextOf(text)) };
};

const isForAll = (headers: Headers) => !/private|no-store/.test(headers.get('cache-control') ?? '');

describe('a suite that lives here', () => {
  test('is not there before something is in it', async () => {
    const { home } = await opened();
    expect((await read(home, 'dists/stable/InRelease')).status).toBe(404);
  });

  test('is not for everybody once the config counts something of it no more', async () => {
    const { clock, home } = await opened();
    await upload(home, smallDeb('acme-tool', '1.0'));
    const later = homeWith(home.stores, { names: ['other-*'], public: ['other-*'], clock }, ecosystem);
    const found = ecosystem.read('/acme/dists/stable/InRelease', '');
    if (found.as !== 'item') throw new Error('no item');
    const [before, after] = [
      await ecosystem.pull(found.item, home.as(null)),
      await ecosystem.pull(found.item, later.as(null)),
    ];
    expect([before, after].map(({ headers }) => isForAll(headers))).toEqual([true, false]);
  });

  test('names what it has for each architecture, with what is for all of them', async () => {
    const { home } = await opened();
    await upload(home, smallDeb('acme-tool', '1.0'));
    await upload(home, smallDeb('acme-tool', '1.10'));
    await upload(home, smallDeb('acme-doc', '1.0', 'all'));
    const release = await releaseOf(home);
    expect([...release.indexes.keys()]).toEqual([
      'main/binary-amd64/Packages',
      'main/binary-amd64/Packages.gz',
    ]);
    expect(release.text).toContain(
      'Acquire-By-Hash: yes\nNo-Support-for-Architecture-all: Packages\nArchitectures: amd64\n',
    );
    const { text } = await read(home, 'dists/stable/main/binary-amd64/Packages');
    expect(
      [...text.matchAll(/^Package: (.*)\nVersion: (.*)$/gm)].map(([, name, version]) => [name, version]),
    ).toEqual([
      ['acme-doc', '1.0'],
      ['acme-tool', '1.10'],
      ['acme-tool', '1.0'],
    ]);
    expect(text).toMatch(/^Filename: pool\/stable\/main\/acme-tool_1\.10_amd64\.deb$/m);
  });

  test('of packages for all architectures alone has one list', async () => {
    const { home } = await opened();
    await upload(home, smallDeb('acme-doc', '1.0', 'all'));
    expect([...(await releaseOf(home)).indexes.keys()]).toEqual([
      'main/binary-all/Packages',
      'main/binary-all/Packages.gz',
    ]);
  });

  test('stays the same until something changes, and then has another date', async () => {
    const { home } = await opened();
    await upload(home, smallDeb('acme-tool', '1.0'));
    const first = await releaseOf(home);
    expect(await releaseOf(home)).toEqual(first);
    await upload(home, smallDeb('acme-tool', '2.0'));
    const second = await releaseOf(home);
    expect((second.dateMs ?? 0) - (first.dateMs ?? 0)).toBe(1000);
    // Another process of the origin says the same.
    expect((await releaseOf(home.again())).text).toBe(second.text);
  });

  test('is signed anew after a week, before clients call it expired', async () => {
    const { clock, home } = await opened();
    await upload(home, smallDeb('acme-tool', '1.0'));
    const first = await releaseOf(home);
    expect(first.text).toContain(
      `Valid-Until: ${new Date(clock.now() + 14 * dayMs).toUTCString().replace('GMT', 'UTC')}`,
    );
    clock.advance(6 * dayMs);
    expect((await releaseOf(home)).text).toBe(first.text);
    clock.advance(dayMs);
    expect((await releaseOf(home)).text).not.toBe(first.text);
  });

  test('has the indexes of generations before by their hashes, for a week', async () => {
    const { clock, home } = await opened();
    await upload(home, smallDeb('acme-tool', '1.0'));
    const old = (await releaseOf(home)).indexes.get('main/binary-amd64/Packages')?.sha256;
    const byHash = () => read(home, `dists/stable/main/binary-amd64/by-hash/SHA256/${old}`);
    const next = async (version: string) => {
      await upload(home, smallDeb('acme-tool', version));
      await releaseOf(home);
    };
    await next('2.0');
    clock.advance(6 * dayMs);
    await next('3.0');
    expect((await byHash()).text).toContain('Version: 1.0\n');
    clock.advance(2 * dayMs);
    await next('4.0');
    expect((await byHash()).status).toBe(404);
  });

  test('has one generation, however many make one at once', async () => {
    const { home } = await opened();
    await upload(home, smallDeb('acme-tool', '1.0'));
    const made = await Promise.all(
      Array.from({ length: 4 }, () => currentGeneration(stable, { signingKey: null }, home.as(null))),
    );
    expect(new Set(made.map((one) => one?.inRelease)).size).toBe(1);
  });

  test('is signed with the key of the config, where it names one', async () => {
    using folder = temporary('apt-key');
    const path = join(folder.path, 'key.asc');
    const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'Acme' }], format: 'armored' });
    const own = apt('packages', { signingKey: path });
    const home = await openTestHome({ names: ['acme-*'], public: ['*'] }, own);
    await upload(home, smallDeb('acme-tool', '1.0'));
    const keyItem = own.read('/acme/archive-key.asc', '');
    if (keyItem.as !== 'item') throw new Error('there is no address of a key');
    await expect(own.pull(keyItem.item, home.as(null))).rejects.toThrow('cannot be read');
    await Bun.write(path, privateKey);
    expect(await textOf(await own.pull(keyItem.item, home.as(null)))).toBe(publicKey);
  });

  test('takes what the config says from whoever may, and nothing else', async () => {
    const { home } = await opened();
    const refused = (body: Uint8Array<ArrayBuffer>, more = {}) => refusalOf(upload(home, body, more));
    expect(await refused(smallDeb('acme-tool', '1.0'), { by: someone('bob', 'read') })).toBe('forbidden');
    expect(await refused(smallDeb('other', '1.0'))).toStartWith('403 other does not live here');
    expect(
      await refused(smallDeb('acme-tool', '1.0'), { path: '/acme/pool/stable/main/acme-tool_2.0_amd64.deb' }),
    ).toStartWith('400 The package says that it is acme-tool_1.0_amd64.deb');
    expect((await read(home, 'dists/stable/InRelease')).status).toBe(404);
  });
});
