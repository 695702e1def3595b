/**
 * The disk of an origin fills up while a layer is pushed: the client is told so, nothing half-done is to be seen, what is there is served
 * and can be deleted, and the push goes on where it was once there is room. On a small file system in memory, where this machine lets
 * one be mounted.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { runTool } from '../support/container-client.ts';
import { random, writeImage } from '../support/image.ts';
import { runMeridian, startNetwork, type TestNetwork, temporary } from '../support/index.ts';
import { available } from '../support/needs.ts';

const MIB = 2 ** 20;
const folder = temporary('full-store');
const disk = join(folder.path, 'disk');
const ballast = join(disk, 'ballast');
mkdirSync(disk);
const mounted = await Bun.$`mount -t tmpfs -o size=${96 * MIB} tmpfs ${disk}`.nothrow().quiet();
const problem = mounted.exitCode === 0 ? null : mounted.stderr.toString().trim();

const kept = random(3 * MIB);
const layer = random(40 * MIB);
const digestOf = (bytes: Uint8Array) =>
  `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;

describe.skipIf(!available('small file systems', problem))('a disk that fills up while a layer comes', () => {
  let network: TestNetwork;
  let token: string;

  beforeAll(async () => {
    network = await startNetwork({
      nodes: {
        origin: {
          role: 'origin',
          store: { blobs: { files: { path: disk } }, minFreeBytes: '8 MiB' },
        },
        shield: { role: 'shield', parents: ['origin'] },
        pop: { role: 'pop', parents: ['shield'] },
      },
      routes: [oci({ hosted: { names: ['*'], public: ['*'] } })],
    });
    const all = { actions: ['read', 'publish', 'delete'], routes: ['oci'], subjects: ['*'] } as const;
    ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
  }, 60_000);

  afterAll(async () => {
    await network?.stop();
    if (problem === null) await Bun.$`umount ${disk}`.quiet();
    folder[Symbol.dispose]();
  }, 30_000);

  const send = (method: string, target: string, body: Uint8Array<ArrayBuffer> | null = null, headers = {}) =>
    fetch(new URL(target, network.url('pop')), { method, body, headers: { ...bearer(token), ...headers } });
  const uploads = '/v2/acme/app/blobs/uploads/';
  const statusOf = async (path: string) => (await send('GET', `/v2/acme/app/${path}`)).status;
  let place: string;
  let taken: number;

  test('is said to be full, and what came before it was stays for the client to go on', async () => {
    const pushed = await send('POST', `${uploads}?digest=${digestOf(kept)}`, new Uint8Array(kept));
    expect(pushed.status).toBe(201);
    place = (await send('POST', uploads)).headers.get('location') ?? '';
    // 70 MiB are somebody else's, so that the layer ends where the disk does.
    writeFileSync(ballast, new Uint8Array(70 * MIB));
    const refused = await send('PATCH', place, new Uint8Array(layer));
    expect(refused.status).toBe(507);
    expect(await refused.text()).toContain('no room left');
    const told = await send('GET', place);
    taken = Number(told.headers.get('range')?.slice(2)) + 1;
    expect([told.status, taken > 10 * MIB, taken < layer.length]).toEqual([204, true, true]);
  });

  test('takes nothing more in, in whatever way it is sent', async () => {
    for (const [method, target] of [
      ['POST', uploads],
      ['POST', `${uploads}?digest=${digestOf(layer)}`],
      ['PATCH', place],
    ] as const)
      expect([method, target, (await send(method, target, new Uint8Array(layer))).status]).toEqual([
        ...[method, target, 507],
      ]);
    expect(await statusOf(`blobs/${digestOf(layer)}`)).toBe(404);
  });

  test.skipIf(Bun.which('skopeo') === null)('is what skopeo tells of', async () => {
    writeImage(join(folder.path, 'image'), 'v1', { layers: [random(20_000)] });
    const to = `docker://${network.url('pop').slice('http://'.length)}/acme/app:v1`;
    const own = ['--dest-tls-verify=false', '--dest-creds', `ci:${token}`];
    const image = `oci:${join(folder.path, 'image')}:v1`;
    const { code, output } = await runTool(['skopeo', 'copy', ...own, image, to], folder.path);
    expect([code === 0, output.includes('507') || output.includes('no room left')]).toEqual([false, true]);
    expect(await statusOf('manifests/v1')).toBe(404);
  });

  test('serves and deletes what is there, and says how much is under way', async () => {
    const got = await send('GET', `/v2/acme/app/blobs/${digestOf(kept)}`);
    expect(Buffer.compare(await got.bytes(), kept)).toBe(0);
    const { stdout } = await runMeridian(['storage', '--config', network.configFile], { cwd: network.dir });
    expect(stdout).toMatch(/^uploads: 1 under way \(\d/m);
    expect((await send('DELETE', `/v2/acme/app/blobs/${digestOf(kept)}`)).status).toBe(202);
    expect(await statusOf(`blobs/${digestOf(kept)}`)).toBe(404);
  });

  test('and goes on where it was when there is room again', async () => {
    rmSync(ballast);
    const rest = new Uint8Array(layer.subarray(taken));
    const range = { 'content-range': `${taken}-${layer.length - 1}` };
    expect((await send('PATCH', place, rest, range)).status).toBe(202);
    expect((await send('PUT', `${place}?digest=${digestOf(layer)}`)).status).toBe(201);
    const got = await send('GET', `/v2/acme/app/blobs/${digestOf(layer)}`);
    expect(Buffer.compare(await got.bytes(), layer)).toBe(0);
  }, 30_000);
});
