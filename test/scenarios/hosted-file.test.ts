/** A long layer that lives at the origin is sent from where it is: kept there once, compared by whoever gets it, asked for by many at once. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { closeSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { random } from '../support/image.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';
import { eventually } from '../support/wait.ts';

const layerBytes = 40 * 1024 * 1024;

let network: TestNetwork;
let token: string;

beforeAll(async () => {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['origin'] },
    },
    routes: [oci({ hosted: { names: ['*'], public: ['open/*'] } })],
  });
  const all = { actions: ['read', 'publish', 'delete'], routes: ['oci'], subjects: ['*'] } as const;
  ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
}, 30_000);

interface Layer {
  readonly bytes: Uint8Array;
  readonly hex: string;
  readonly path: string;
}

async function push(name = 'open/app', bytes = random(layerBytes)): Promise<Layer> {
  const hex = new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
  const body = new Blob([bytes as Uint8Array<ArrayBuffer>]);
  const target = `${network.url('near')}/v2/${name}/blobs/uploads/?digest=sha256:${hex}`;
  const pushed = await fetch(target, { method: 'POST', headers: bearer(token), body });
  expect(pushed.status).toBe(201);
  return { bytes, hex, path: `/v2/${name}/blobs/sha256:${hex}` };
}

const get = (pop: string, { path }: Layer, headers: Record<string, string> = {}) =>
  fetch(network.url(pop) + path, { headers });

const onDisk = async (node: string) => (await network.node(node).status()).disk?.bytes ?? 0;

/** Where the origin keeps it for good. */
function fileOf({ hex }: Layer): string {
  const found = readdirSync(network.dir, { recursive: true, encoding: 'utf8' }).filter((each) =>
    each.endsWith(join('blobs', hex.slice(0, 2), hex)),
  );
  expect(found).toHaveLength(1);
  return join(network.dir, found[0] ?? '');
}

test('is on the disk of the origin once, and on that of each node before it', async () => {
  const layer = await push();
  const reply = await get('near', layer);
  expect(Buffer.from(layer.bytes).equals(await reply.bytes())).toBe(true);
  expect(reply.headers.get('cache-status')).toStartWith('origin;fwd=uri-miss;fwd-status=200');
  expect(reply.headers.get('cache-status')?.split(', ')[0]).toContain('detail=own-file');
  expect(await onDisk('origin')).toBeLessThan(layerBytes);
  await eventually('the shield to have it on disk', async () => (await onDisk('shield')) >= layerBytes);
  const again = await get('near', layer);
  expect(again.headers.get('cache-status')).toContain('near;hit');
  await again.bytes();
});

test('comes in parts, too', async () => {
  const layer = await push();
  for (const [start, end] of [
    [30_000_000, 30_000_999],
    [5, 2_000_000],
  ] as const) {
    const part = await get('far', layer, { range: `bytes=${start}-${end}` });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes ${start}-${end}/${layerBytes}`);
    expect(Buffer.from(layer.bytes.subarray(start, end + 1)).equals(await part.bytes())).toBe(true);
  }
});

test('is not asked for again, whatever a client says of caches: it never changes', async () => {
  const layer = await push();
  await (await get('far', layer)).bytes();
  const { result, asked } = await network.during(async () => {
    const reply = await get('far', layer, { 'cache-control': 'no-cache' });
    return (await reply.bytes()).length;
  });
  expect(result).toBe(layerBytes);
  expect(asked('origin')).toEqual([]);
});

test('comes to many at once, of which each node lets one through', async () => {
  const layer = await push();
  const { result, asked } = await network.during(() =>
    Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const reply = await get(index % 2 === 0 ? 'near' : 'far', layer);
        return Buffer.from(layer.bytes).equals(await reply.bytes());
      }),
    ),
  );
  expect(result).toEqual(Array.from({ length: 20 }, () => true));
  expect(asked('origin').filter(({ target }) => target === layer.path)).toHaveLength(2);
});

test('reaches nobody whole, and is kept nowhere, once its file is damaged', async () => {
  const layer = await push();
  const file = openSync(fileOf(layer), 'r+');
  writeSync(file, new Uint8Array([(layer.bytes[layerBytes / 2] ?? 0) ^ 1]), 0, 1, layerBytes / 2);
  closeSync(file);
  const before = await Promise.all(['near', 'far', 'shield'].map(onDisk));
  for (const pop of ['near', 'far']) {
    const got = await get(pop, layer)
      .then(async (reply) => (reply.ok ? (await reply.bytes()).length : 'refused'))
      .catch(() => 'broken off');
    expect(got).not.toBe(layerBytes);
  }
  expect(await Promise.all(['near', 'far', 'shield'].map(onDisk))).toEqual(before);
});

test('is not said to be absent when its file is gone', async () => {
  const layer = await push();
  rmSync(fileOf(layer));
  expect((await get('far', layer)).status).toBeGreaterThanOrEqual(500);
});

test('is read to its end by whoever has begun when it is deleted, and by nobody who has not', async () => {
  const layer = await push('open/old');
  const reader = (await get('far', layer)).body?.getReader();
  const first = (await reader?.read())?.value ?? new Uint8Array();
  const headers = bearer(token);
  expect((await fetch(network.url('far') + layer.path, { method: 'DELETE', headers })).status).toBe(202);
  rmSync(fileOf(layer));
  let received = first.length;
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read())
    received += next.value.length;
  expect(received).toBe(layerBytes);
  for (const pop of ['far', 'near']) expect((await get(pop, layer)).status).toBe(404);
});

test('is for those only who have been given it', async () => {
  const layer = await push('closed/app');
  expect((await get('far', layer)).status).toBe(401);
  const reply = await get('far', layer, bearer(token));
  expect((await reply.bytes()).length).toBe(layerBytes);
  expect(reply.headers.get('cache-control')).toContain('private');
  expect((await get('far', layer)).status).toBe(401);
});
