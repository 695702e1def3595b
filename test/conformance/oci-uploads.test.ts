/**
 * The OCI Distribution Specification 1.1: what pushing blobs and manifests asks for beyond the usual way. The names of the groups are its
 * sections; docs/conformance.md lists them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { random } from '../support/image.ts';
import {
  digestOf,
  imageType,
  indexType,
  made,
  manifestIn,
  placeIn,
  pushBlob,
  putManifest,
  send,
  startHosting,
  stopHosting,
  withDigest,
} from './registry.ts';

beforeAll(startHosting, 60_000);
afterAll(stopHosting, 30_000);

const same = async (response: Response, bytes: Uint8Array) => {
  expect(response.status).toBe(200);
  expect(Buffer.compare(await response.bytes(), bytes)).toBe(0);
};

describe('Pushing a blob in chunks: more', () => {
  test('a chunk may have any length, so that no shortest one is told', async () => {
    const bytes = random(3);
    const begun = await send('POST', 'more/app/blobs/uploads/');
    expect(begun.headers.has('oci-chunk-min-length')).toBe(false);
    let place = placeIn(begun);
    for (let at = 0; at < 3; at++) {
      const headers = { 'content-range': `${at}-${at}` };
      const patched = await send('PATCH', place, { body: bytes.subarray(at, at + 1), headers });
      expect([patched.status, patched.headers.get('range')]).toEqual([202, `0-${at}`]);
      place = placeIn(patched);
    }
    expect((await send('PUT', withDigest(place, digestOf(bytes)))).status).toBe(201);
  });

  test('the first chunk begins with 0', async () => {
    const place = placeIn(await send('POST', 'more/app/blobs/uploads/'));
    const patched = await send('PATCH', place, { body: random(5), headers: { 'content-range': '1-5' } });
    expect(patched.status).toBe(416);
  });

  test('an upload that has ended by a push is over', async () => {
    const bytes = random(50);
    const place = placeIn(await send('POST', 'more/app/blobs/uploads/'));
    await send('PATCH', place, { body: bytes });
    expect((await send('PUT', withDigest(place, digestOf(bytes)))).status).toBe(201);
    for (const method of ['GET', 'PATCH', 'DELETE']) expect((await send(method, place)).status).toBe(404);
  });

  test('by SHA-512, in each of the ways', async () => {
    const ways: ((bytes: Uint8Array, digest: string) => Promise<Response>)[] = [
      async (bytes, digest) => send('POST', `more/sha512/blobs/uploads/?digest=${digest}`, { body: bytes }),
      async (bytes, digest) => {
        const begun = await send('POST', 'more/sha512/blobs/uploads/?digest-algorithm=sha512');
        return send('PUT', withDigest(placeIn(begun), digest), { body: bytes });
      },
      async (bytes, digest) => {
        const begun = await send('POST', 'more/sha512/blobs/uploads/?digest-algorithm=sha512');
        const patched = await send('PATCH', placeIn(begun), { body: bytes });
        return send('PUT', withDigest(placeIn(patched), digest));
      },
      async (bytes, digest) => {
        await pushBlob('more/from', bytes, digest);
        return send('POST', `more/sha512/blobs/uploads/?mount=${digest}&from=more/from`);
      },
    ];
    for (const push of ways) {
      const bytes = random(600);
      const digest = digestOf(bytes, 'sha512');
      const pushed = await push(bytes, digest);
      expect([pushed.status, pushed.headers.get('docker-content-digest')]).toEqual([201, digest]);
      await same(await send('GET', placeIn(pushed)), bytes);
    }
  });

  test('a blob without a byte', async () => {
    const nothing = new Uint8Array();
    const digest = await pushBlob('more/empty', nothing);
    const got = await send('GET', `more/empty/blobs/${digest}`);
    expect(got.headers.get('content-length')).toBe('0');
    await same(got, nothing);
  });
});

describe('Mounting a blob: more', () => {
  test('without from, wherever it is that whoever asks may read', async () => {
    const bytes = random(400);
    const digest = await pushBlob('mounts/here', bytes);
    const mounted = await send('POST', `mounts/there/blobs/uploads/?mount=${digest}`);
    expect([mounted.status, mounted.headers.get('docker-content-digest')]).toEqual([201, digest]);
    await same(await send('GET', placeIn(mounted)), bytes);
  });

  test('what cannot be mounted begins an upload, by which it is pushed', async () => {
    const bytes = random(100);
    const digest = digestOf(bytes);
    for (const from of ['', '&from=', '&from=mounts/none', '&from=NONE']) {
      const begun = await send('POST', `mounts/to${from.length}/blobs/uploads/?mount=${digest}${from}`);
      expect([from, begun.status]).toEqual([from, 202]);
    }
    const begun = await send('POST', `mounts/to/blobs/uploads/?mount=${digest}&from=mounts/none`);
    const put = await send('PUT', withDigest(placeIn(begun), digest), { body: bytes });
    expect(put.status).toBe(201);
  });

  test('from the repository itself', async () => {
    const digest = await pushBlob('mounts/self', random(100));
    const mounted = await send('POST', `mounts/self/blobs/uploads/?mount=${digest}&from=mounts/self`);
    expect(mounted.status).toBe(201);
  });
});

describe('Pushing Manifests: more', () => {
  test('types of Docker are kept as they are', async () => {
    const type = 'application/vnd.docker.distribution.manifest.v2+json';
    const manifest = await manifestIn('kinds/docker', { mediaType: type });
    expect((await putManifest('kinds/docker', 'v1', manifest, type)).status).toBe(201);
    const list = 'application/vnd.docker.distribution.manifest.list.v2+json';
    const entry = { mediaType: type, digest: manifest.digest, size: manifest.bytes.length };
    const all = made({ schemaVersion: 2, mediaType: list, manifests: [entry] });
    expect((await putManifest('kinds/docker', 'all', all, list)).status).toBe(201);
    const got = await send('GET', 'kinds/docker/manifests/all');
    expect(got.headers.get('content-type')).toBe(list);
    await same(got, all.bytes);
  });

  test('an empty index, an index in an index, an image without layers, and members that nobody knows', async () => {
    const empty = made({
      schemaVersion: 2,
      mediaType: indexType,
      manifests: [],
      'org.example': { own: true },
    });
    const inner = { mediaType: indexType, digest: empty.digest, size: empty.bytes.length };
    const outer = made({ schemaVersion: 2, mediaType: indexType, manifests: [inner] });
    const layerless = await manifestIn('kinds/app', { layers: [], own: 'member' });
    for (const [manifest, type] of [
      [empty, indexType],
      [outer, indexType],
      [layerless, imageType],
    ] as const) {
      expect((await putManifest('kinds/app', manifest.digest, manifest, type)).status).toBe(201);
      await same(await send('GET', `kinds/app/manifests/${manifest.digest}`), manifest.bytes);
    }
  });

  test('layers that are fetched from elsewhere need not be there', async () => {
    const layer = {
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
      ...{ digest: digestOf(random(8)), size: 8, urls: ['https://layers.example/8'] },
    };
    const manifest = await manifestIn('kinds/foreign', { layers: [layer] });
    expect((await putManifest('kinds/foreign', 'v1', manifest)).status).toBe(201);
  });

  test('Accept makes no difference to what is given, nor to who gets it from the cache', async () => {
    const manifest = await manifestIn('kinds/accept');
    await putManifest('kinds/accept', 'v1', manifest);
    for (const accept of [
      imageType,
      indexType,
      '*/*',
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
    ]) {
      const got = await send('GET', 'kinds/accept/manifests/v1', { headers: { accept } });
      expect(got.headers.get('content-type')).toBe(imageType);
      await same(got, manifest.bytes);
    }
  });

  test('nothing ends in between: the same manifest again is the same', async () => {
    const manifest = await manifestIn('kinds/again');
    for (let round = 0; round < 2; round++)
      expect((await putManifest('kinds/again', 'v1', manifest)).status).toBe(201);
    const tags = await (await send('GET', 'kinds/again/tags/list')).json();
    expect(tags).toEqual({ name: 'kinds/again', tags: ['v1'] });
  });
});
