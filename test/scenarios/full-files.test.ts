/**
 * The disk of an origin fills up while a file is put: whoever puts it is told so, nothing half-done is to be seen, what is there is served as it was and can be
 * deleted, and the next one goes well once there is room. On a small file system in memory, where this machine lets one be mounted.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileTree } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { eventually, noiseBytes, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { workedThrough } from '../support/work.ts';

const MIB = 2 ** 20;
const folder = temporary('full-files');
const disk = join(folder.path, 'disk');
const ballast = join(disk, 'ballast');
mkdirSync(disk);
const mounted = await Bun.$`mount -t tmpfs -o size=${96 * MIB} tmpfs ${disk}`.nothrow().quiet();
const problem = mounted.exitCode === 0 ? null : mounted.stderr.toString().trim();
const kept = noiseBytes(1, 3 * MIB);
const long = noiseBytes(2, 40 * MIB);

describe.skipIf(!available('small file systems', problem))('a disk that fills up while a file comes', () => {
  let network: TestNetwork;
  let token: string;

  beforeAll(async () => {
    network = await startNetwork({
      nodes: {
        origin: { role: 'origin', store: { blobs: { files: { path: disk } }, minFreeBytes: '8 MiB' } },
        pop: { role: 'pop', parents: ['origin'] },
      },
      routes: [fileTree({ upstreams: [], hosted: { names: ['*'], public: ['*'] } })],
    });
    const all = { actions: ['read', 'publish', 'delete'], routes: ['files'], subjects: ['*'] } as const;
    ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    if (problem === null) await Bun.$`umount ${disk}`.quiet();
    folder[Symbol.dispose]();
  }, 30_000);

  const send = (method: string, path: string, body: Uint8Array<ArrayBuffer> | null = null) =>
    fetch(`${network.url('pop')}/files/${path}`, { method, body, headers: bearer(token) });
  const holds = async (path: string, bytes: Uint8Array) =>
    Buffer.compare(await (await send('GET', path)).bytes(), bytes) === 0;

  test('is said to be full, to whoever puts a new file and to whoever replaces one', async () => {
    expect((await send('PUT', 'kept.bin', kept)).status).toBe(201);
    expect((await send('PUT', 'old.bin', kept)).status).toBe(201);
    // 70 MiB are somebody else's, so that the file ends where the disk does.
    writeFileSync(ballast, new Uint8Array(70 * MIB));
    for (const path of ['new.bin', 'kept.bin', 'new.bin']) {
      const refused = await send('PUT', path, long);
      expect([path, refused.status, await refused.text()]).toEqual([
        path,
        507,
        expect.stringContaining('room'),
      ]);
    }
  }, 30_000);

  test('serves what is there as it was, and has nothing of what broke off', async () => {
    expect([await holds('kept.bin', kept), (await send('GET', 'new.bin')).status]).toEqual([true, 404]);
    await eventually('the drafts to be gone', () => readdirSync(join(disk, 'drafts')).length === 0);
    const done = await workedThrough(network.node('origin'), { do: 'recount' });
    expect(done).toMatchObject({ state: 'done', counts: { corrected: 0 } });
  });

  test('lets files be deleted, and takes the next one in when there is room', async () => {
    expect((await send('DELETE', 'old.bin')).status).toBe(204);
    expect((await send('GET', 'old.bin')).status).toBe(404);
    rmSync(ballast);
    expect((await send('PUT', 'new.bin', long)).status).toBe(201);
    expect(await holds('new.bin', long)).toBe(true);
  }, 30_000);
});
