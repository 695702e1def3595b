/**
 * The disk of a PoP is full or broken, or was full or read-only before it started: every request is served all the
 * same, nothing is stored there, the status counts it, and when the disk is well again so is the cache. On small file
 * systems in memory, where this machine lets them be mounted.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { web } from '../../src/index.ts';
import {
  eventually,
  noise,
  startNetwork,
  startUpstream,
  type TestNetwork,
  temporary,
  type Upstream,
} from '../support/index.ts';
import { available } from '../support/needs.ts';

const folder = temporary('full-disk');
const diskBytes = 8 * 1024 * 1024;
const dataOf = (pop: string) => join(folder.path, 'data', pop);
const pops = ['small', 'filled', 'broken', 'filled-before', 'read-only-before'] as const;
const mounted: string[] = [];
let upstream: Upstream;
let network: TestNetwork;

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
  for (const path of mounted) await Bun.$`umount ${path}`.quiet();
  folder[Symbol.dispose]();
}, 30_000);

/** What happens to a disk, and how it passes. */
const ailments = [
  { pop: 'filled', is: 'full', falls: () => fill('filled'), passes: () => empty('filled') },
  { pop: 'broken', is: 'broken', falls: breakFolders, passes: mendFolders },
] as const;

describe.skipIf(!available('small file systems', await mountAll()))('with disks of 8 MiB', () => {
  beforeAll(async () => {
    upstream = await startUpstream(({ path }) => ({
      headers: { 'cache-control': 'public, max-age=600' },
      body: bodyAt(path),
    }));
    const memory = { bytes: '1 MiB', objectBytes: '64 KiB' } as const;
    // More than there is: the system says no before the cache does.
    const disk = { bytes: '1 GiB', objectBytes: '1 GiB' } as const;
    const pop = { role: 'pop', parents: ['origin'], memory, disk } as const;
    fill('filled-before');
    await Bun.$`mount -o remount,ro ${dataOf('read-only-before')}`.quiet();
    network = await startNetwork(
      {
        nodes: {
          origin: { role: 'origin', disk: false, memory },
          ...Object.fromEntries(pops.map((name) => [name, pop])),
        },
        routes: [web({ upstream: upstream.url })],
      },
      { dir: folder.path },
    );
  }, 30_000);

  describe('a disk that fills up', () => {
    test('with many objects that do not fit together: all are served, twice', async () => {
      const paths = Array.from({ length: 60 }, (_, index) => `/some/${index}`);
      for (const path of [...paths, ...paths]) await expectWhole('small', path);
    });

    test('with one object that does not fit by itself: all of several clients get it', async () => {
      await Promise.all(Array.from({ length: 5 }, () => expectWhole('small', '/large')));
    });

    test('is counted, and the node is still up with its first process', async () => {
      const { running, output } = network.node('small').process;
      expect(running).toBe(true);
      expect(output(), 'the disk was never full').toContain('ENOSPC');
      expect((await diskOf('small'))?.errors).toBeGreaterThan(0);
      await expectWhole('small', '/some/0');
    });
  });

  test.each([
    ['full', 'filled-before'],
    ['read-only', 'read-only-before'],
  ])('a disk that was %s when the node started: everything is served', async (_, pop) => {
    for (let nth = 0; nth < 10; nth++) await expectWhole(pop, `/some/${nth}`);
    expect(network.node(pop).process.running).toBe(true);
  });

  for (const { pop, is, falls } of ailments) {
    test(`a disk that is ${is} all of a sudden: everything is served, nothing stored, and it is counted`, async () => {
      for (const size of ['some', 'small']) await expectWhole(pop, `/${size}/before`);
      await eventually('the disk to hold both', async () => ((await diskOf(pop))?.entries ?? 0) >= 2);
      const entries = (await diskOf(pop))?.entries;

      await falls();
      for (const size of ['some', 'small']) {
        for (let nth = 0; nth < 5; nth++) await expectWhole(pop, `/${size}/${nth}`);
        await expectWhole(pop, `/${size}/before`);
      }
      await Promise.all(Array.from({ length: 5 }, () => expectWhole(pop, '/large')));

      const disk = await diskOf(pop);
      expect(disk?.errors).toBeGreaterThan(0);
      expect(disk?.state).toBe('suspended');
      expect(disk?.entries).toBeLessThanOrEqual(entries ?? 0);
    });
  }

  test('and each is used again when it is well', async () => {
    await Promise.all(
      ailments.map(async ({ pop, is, passes }) => {
        await passes();
        let nth = 0;
        await eventually(
          `the disk that was ${is} to be used`,
          async () => {
            const path = `/some/again-${nth++}`;
            await expectWhole(pop, path);
            return (await expectWhole(pop, path)).includes('detail=disk');
          },
          { withinMs: 30_000, everyMs: 500 },
        );
        // What was stored before is found again, or asked for again; it is never wrong.
        for (const size of ['some', 'small']) await expectWhole(pop, `/${size}/before`);
        expect((await diskOf(pop))?.state).toBe('ready');
      }),
    );
  }, 60_000);

  test('and a node that could not write where it is can be found by commands then', async () => {
    empty('filled-before');
    await Bun.$`mount -o remount,rw ${dataOf('read-only-before')}`.quiet();
    for (const name of ['filled-before', 'read-only-before']) {
      const node = network.node(name);
      const status = () => node.status().catch(() => null); // Not yet: it tries again every ten seconds.
      await eventually(`${name} to be found`, status, { withinMs: 15_000, everyMs: 200 });
    }
  }, 60_000);

  test('and takes its disk into use, which it could not open', async () => {
    for (const name of ['filled-before', 'read-only-before']) {
      const isReady = async () => (await diskOf(name))?.state === 'ready';
      await eventually(`the disk of ${name}`, isReady, { withinMs: 45_000, everyMs: 200 });
      await expectWhole(name, '/some/later');
      await eventually('an entry on disk', async () => ((await diskOf(name))?.entries ?? 0) > 0);
    }
  }, 60_000);
});

/** Asks, compares every byte, and gives `Cache-Status`. */
async function expectWhole(pop: string, path: string): Promise<string> {
  const response = await fetch(network.url(pop) + path);
  expect(response.status, `${path} of ${pop}`).toBe(200);
  const text = await response.text();
  expect(text === bodyAt(path), `${path} of ${pop}: ${text.length} bytes`).toBe(true);
  return response.headers.get('cache-status') ?? '';
}

async function diskOf(pop: string) {
  const { disk } = await network.node(pop).status();
  return disk as (typeof disk & { readonly errors?: number }) | null;
}

/** `large` does not fit on the disk, `some` not into memory, `small` fits anywhere. */
function bodyAt(path: string): string {
  const bytes = path === '/large' ? 3 * diskBytes : path.startsWith('/small/') ? 3_000 : 300_000;
  return noise(path, bytes);
}

const ballastOf = (pop: string) => join(dataOf(pop), 'ballast');

/** Somebody else's file takes every byte that is left. */
function fill(pop: string): void {
  for (let bytes = diskBytes; bytes >= 512; bytes /= 2) {
    for (let nth = 0; nth < 2; nth++) {
      try {
        writeFileSync(ballastOf(pop), Buffer.alloc(bytes), { flag: 'a' });
      } catch {
        break; // Not so many bytes are left: half as many are tried.
      }
    }
  }
}

function empty(pop: string): void {
  rmSync(ballastOf(pop));
}

/** Where the folders were are files: every call on what is in them fails. */
function breakFolders(): void {
  for (const path of brokenFolders()) {
    renameSync(path, `${path}.gone`);
    writeFileSync(path, '');
  }
}

function mendFolders(): void {
  for (const path of brokenFolders()) {
    if (!existsSync(`${path}.gone`)) continue;
    rmSync(path);
    renameSync(`${path}.gone`, path);
  }
}

function brokenFolders(): string[] {
  return ['objects', 'tmp'].map((name) => join(dataOf('broken'), 'cache', name));
}

/** Why there are no small file systems, or `null` when there are some now. */
async function mountAll(): Promise<string | null> {
  for (const pop of pops) {
    const path = dataOf(pop);
    mkdirSync(path, { recursive: true });
    const { exitCode, stderr } = await Bun.$`mount -t tmpfs -o size=${diskBytes} tmpfs ${path}`
      .nothrow()
      .quiet();
    if (exitCode !== 0) return stderr.toString().trim();
    mounted.push(path);
  }
  return null;
}
