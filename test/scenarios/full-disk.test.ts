/**
 * The disk of a PoP is full: every request is served all the same. On a small file system in memory, where this
 * machine lets one be mounted.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { web } from '../../src/index.ts';
import {
  noise,
  startNetwork,
  startUpstream,
  type TestNetwork,
  temporary,
  type Upstream,
} from '../support/index.ts';

const folder = temporary('full-disk');
const disk = join(folder.path, 'data', 'pop');
const diskBytes = 8 * 1024 * 1024;
const mounted = await mount();
let upstream: Upstream;
let network: TestNetwork;

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
  if (mounted === null) await Bun.$`umount ${disk}`.quiet();
  folder[Symbol.dispose]();
}, 30_000);

if (mounted !== null) console.warn(`skipped, for want of a small file system: ${mounted}`);

describe.skipIf(mounted !== null)('with a disk of 8 MiB and room for a gibibyte in the config', () => {
  beforeAll(async () => {
    upstream = await startUpstream(({ path }) => ({
      headers: { 'cache-control': 'public, max-age=600' },
      body: bodyAt(path),
    }));
    network = await startNetwork(
      {
        nodes: {
          origin: { role: 'origin', disk: false, memory: { bytes: '1 MiB', objectBytes: '64 KiB' } },
          pop: {
            role: 'pop',
            parents: ['origin'],
            memory: { bytes: '1 MiB', objectBytes: '64 KiB' },
            disk: { bytes: '1 GiB', objectBytes: '1 GiB' },
          },
        },
        routes: [web({ upstream: upstream.url })],
      },
      { dir: folder.path },
    );
  }, 30_000);

  test('many objects that do not fit together, twice', async () => {
    const paths = Array.from({ length: 60 }, (_, index) => `/some/${index}`);
    for (const path of [...paths, ...paths]) await expectWhole(path);
  });

  test('one object that does not fit by itself, to several clients at once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => expectWhole('/large')));
  });

  test('and the node is still up, with its first process', async () => {
    const { running, output } = network.node('pop').process;
    expect(running).toBe(true);
    expect(output(), 'the disk was never full').toContain('ENOSPC');
    await expectWhole('/some/0');
  });
});

async function expectWhole(path: string): Promise<void> {
  const response = await fetch(network.url('pop') + path);
  expect(response.status, path).toBe(200);
  const text = await response.text();
  expect(text === bodyAt(path), `${path}: ${text.length} bytes`).toBe(true);
}

function bodyAt(path: string): string {
  return noise(path, path === '/large' ? 3 * diskBytes : 300_000);
}

/** Why there is no small file system, or `null` when there is one now. */
async function mount(): Promise<string | null> {
  mkdirSync(disk, { recursive: true });
  const { exitCode, stderr } = await Bun.$`mount -t tmpfs -o size=${diskBytes} tmpfs ${disk}`
    .nothrow()
    .quiet();
  return exitCode === 0 ? null : stderr.toString().trim();
}
