/**
 * The OCI Distribution Specification 1.1, requirement by requirement: pulling, and pushing blobs. The names of the groups are its sections;
 * docs/conformance.md lists them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { random } from '../support/image.ts';
import {
  codeIn,
  digestOf,
  imageType,
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

describe('Determining Support', () => {
  test('/v2/ answers 200', async () => {
    expect((await send('GET', '/v2/')).status).toBe(200);
  });
});

describe('Pulling manifests', () => {
  test('a manifest comes back byte for byte, by tag and by digest, with its type and digest', async () => {
    const manifest = await manifestIn('pull/manifest');
    expect((await putManifest('pull/manifest', 'v1', manifest)).status).toBe(201);
    for (const reference of ['v1', manifest.digest]) {
      const got = await send('GET', `pull/manifest/manifests/${reference}`);
      expect([got.status, got.headers.get('content-type')]).toEqual([200, imageType]);
      expect(got.headers.get('docker-content-digest')).toBe(manifest.digest);
      expect(Buffer.compare(await got.bytes(), manifest.bytes)).toBe(0);
    }
  });

  test('one that is not there is answered with 404 MANIFEST_UNKNOWN', async () => {
    const none = await send('GET', `pull/manifest/manifests/none`);
    expect([none.status, await codeIn(none)]).toEqual([404, 'MANIFEST_UNKNOWN']);
    const digest = digestOf(random(10));
    expect((await send('GET', `pull/manifest/manifests/${digest}`)).status).toBe(404);
    expect((await send('GET', `pull/nothing/manifests/v1`)).status).toBe(404);
  });
});

describe('Pulling blobs', () => {
  test('a blob comes back with its digest, and in parts', async () => {
    const bytes = random(2000);
    const digest = await pushBlob('pull/blob', bytes);
    const got = await send('GET', `pull/blob/blobs/${digest}`);
    expect([got.status, got.headers.get('docker-content-digest')]).toEqual([200, digest]);
    expect(Buffer.compare(await got.bytes(), bytes)).toBe(0);
    const part = await send('GET', `pull/blob/blobs/${digest}`, { headers: { range: 'bytes=500-1499' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 500-1499/2000']);
    expect(Buffer.compare(await part.bytes(), bytes.subarray(500, 1500))).toBe(0);
    const beyond = await send('GET', `pull/blob/blobs/${digest}`, { headers: { range: 'bytes=2000-' } });
    expect(beyond.status).toBe(416);
  });

  test('one that is not in the repository is answered with 404 BLOB_UNKNOWN, wherever else it is', async () => {
    const digest = await pushBlob('pull/elsewhere', random(100));
    const none = await send('GET', `pull/blob/blobs/${digest}`);
    expect([none.status, await codeIn(none)]).toEqual([404, 'BLOB_UNKNOWN']);
  });
});

describe('Checking if content exists in the registry', () => {
  test('HEAD says digest and length, and 404 for what is not there', async () => {
    const bytes = random(1234);
    const digest = await pushBlob('head/app', bytes);
    const manifest = await manifestIn('head/app');
    await putManifest('head/app', 'v1', manifest);
    for (const [path, length, is] of [
      [`blobs/${digest}`, 1234, digest],
      ['manifests/v1', manifest.bytes.length, manifest.digest],
      [`manifests/${manifest.digest}`, manifest.bytes.length, manifest.digest],
    ] as const) {
      const head = await send('HEAD', `head/app/${path}`);
      expect([path, head.status]).toEqual([path, 200]);
      expect(head.headers.get('content-length')).toBe(String(length));
      expect(head.headers.get('docker-content-digest')).toBe(is);
    }
    expect((await send('HEAD', `head/app/blobs/${digestOf(random(9))}`)).status).toBe(404);
    expect((await send('HEAD', 'head/app/manifests/none')).status).toBe(404);
  });

  test('what was not there a moment ago is there as soon as it is pushed', async () => {
    const bytes = random(300);
    const digest = digestOf(bytes);
    expect((await send('HEAD', `head/soon/blobs/${digest}`)).status).toBe(404);
    await pushBlob('head/soon', bytes);
    expect((await send('HEAD', `head/soon/blobs/${digest}`)).status).toBe(200);
    const manifest = await manifestIn('head/soon');
    expect((await send('HEAD', 'head/soon/manifests/v1')).status).toBe(404);
    await putManifest('head/soon', 'v1', manifest);
    expect((await send('HEAD', 'head/soon/manifests/v1')).status).toBe(200);
  });
});

describe('Pushing a blob monolithically', () => {
  test('POST then PUT: 202 with a location, then 201 with that of the blob', async () => {
    const bytes = random(700);
    const begun = await send('POST', 'push/blob/blobs/uploads/');
    expect(begun.status).toBe(202);
    expect(placeIn(begun)).toMatch(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/);
    const put = await send('PUT', withDigest(placeIn(begun), digestOf(bytes)), { body: bytes });
    expect(put.status).toBe(201);
    expect(Buffer.compare(await (await send('GET', placeIn(put))).bytes(), bytes)).toBe(0);
    const after = await send('GET', placeIn(begun));
    expect([after.status, await codeIn(after)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
  });

  test('a single POST', async () => {
    const bytes = random(700);
    const post = await send('POST', `push/single/blobs/uploads/?digest=${digestOf(bytes)}`, { body: bytes });
    expect(post.status).toBe(201);
    expect(Buffer.compare(await (await send('GET', placeIn(post))).bytes(), bytes)).toBe(0);
  });

  test('by SHA-512', async () => {
    const bytes = random(700);
    const digest = await pushBlob('push/sha512', bytes, digestOf(bytes, 'sha512'));
    const got = await send('GET', `push/sha512/blobs/${digest}`);
    expect(got.headers.get('docker-content-digest')).toBe(digest);
    expect(Buffer.compare(await got.bytes(), bytes)).toBe(0);
  });

  test('other bytes than the digest says are refused, and nothing of them is there', async () => {
    const digest = digestOf(random(10));
    const begun = await send('POST', 'push/wrong/blobs/uploads/');
    const put = await send('PUT', withDigest(placeIn(begun), digest), { body: random(700) });
    expect([put.status, await codeIn(put)]).toEqual([400, 'DIGEST_INVALID']);
    const post = await send('POST', `push/wrong/blobs/uploads/?digest=${digest}`, { body: random(700) });
    expect([post.status, await codeIn(post)]).toEqual([400, 'DIGEST_INVALID']);
    expect((await send('GET', `push/wrong/blobs/${digest}`)).status).toBe(404);
  });

  test('a digest that is none, or of an algorithm that is not known, is refused with 400', async () => {
    for (const digest of ['nonsense', 'sha256:12', `md5:${'0'.repeat(32)}`]) {
      const begun = await send('POST', 'push/wrong/blobs/uploads/');
      const put = await send('PUT', withDigest(placeIn(begun), digest), { body: random(7) });
      expect([digest, put.status, await codeIn(put)]).toEqual([digest, 400, 'DIGEST_INVALID']);
    }
    expect((await send('POST', 'push/wrong/blobs/uploads/?digest-algorithm=md5')).status).toBe(400);
  });
});

describe('Pushing a blob in chunks', () => {
  const range = (from: number, to: number) => ({ 'content-range': `${from}-${to}` });

  test('in order, with the place of each told', async () => {
    const bytes = random(3000);
    let place = placeIn(
      await send('POST', 'chunks/app/blobs/uploads/', { headers: { 'content-length': '0' } }),
    );
    for (const [from, to] of [
      [0, 999],
      [1000, 1999],
    ] as const) {
      const patched = await send('PATCH', place, {
        body: bytes.subarray(from, to + 1),
        headers: range(from, to),
      });
      expect([patched.status, patched.headers.get('range')]).toEqual([202, `0-${to}`]);
      place = placeIn(patched);
    }
    const told = await send('GET', place);
    expect([told.status, told.headers.get('range')]).toEqual([204, '0-1999']);
    const put = await send('PUT', withDigest(placeIn(told), digestOf(bytes)), {
      body: bytes.subarray(2000),
      headers: range(2000, 2999),
    });
    expect(put.status).toBe(201);
    expect(Buffer.compare(await (await send('GET', placeIn(put))).bytes(), bytes)).toBe(0);
  });

  test('all in one stream of unknown length, and an end without a body', async () => {
    const bytes = random(200_000);
    const place = placeIn(await send('POST', 'chunks/stream/blobs/uploads/'));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 50_000) controller.enqueue(bytes.subarray(at, at + 50_000));
        controller.close();
      },
    });
    const patched = await send('PATCH', place, { body });
    expect([patched.status, patched.headers.get('range')]).toEqual([202, '0-199999']);
    const put = await send('PUT', withDigest(placeIn(patched), digestOf(bytes)));
    expect(put.status).toBe(201);
    expect(Buffer.compare(await (await send('GET', placeIn(put))).bytes(), bytes)).toBe(0);
  });

  test('out of order is refused with 416, and where it goes on is told', async () => {
    const bytes = random(2000);
    const begun = placeIn(await send('POST', 'chunks/order/blobs/uploads/'));
    const early = await send('PATCH', begun, { body: bytes.subarray(1000), headers: range(1000, 1999) });
    expect(early.status).toBe(416);
    const first = await send('PATCH', begun, { body: bytes.subarray(0, 1000), headers: range(0, 999) });
    const again = await send('PATCH', placeIn(first), {
      body: bytes.subarray(0, 1000),
      headers: range(0, 999),
    });
    expect([again.status, again.headers.get('range')]).toEqual([416, '0-999']);
    const put = await send('PUT', withDigest(placeIn(first), digestOf(bytes)), {
      body: bytes.subarray(1500),
      headers: range(1500, 1999),
    });
    expect(put.status).toBe(416);
    const last = await send('PUT', withDigest(placeIn(again), digestOf(bytes)), {
      body: bytes.subarray(1000),
      headers: range(1000, 1999),
    });
    expect(last.status).toBe(201);
  });

  test('a range that is none, or of another length, is refused', async () => {
    const place = placeIn(await send('POST', 'chunks/order/blobs/uploads/'));
    for (const field of ['a-b', '0-']) {
      const sent = { body: random(10), headers: { 'content-range': field } };
      expect((await send('PATCH', place, sent)).status).toBe(400);
    }
    const short = await send('PATCH', place, { body: random(10), headers: range(0, 99) });
    expect([short.status, await codeIn(short)]).toEqual([400, 'SIZE_INVALID']);
  });
});

describe('Cancel a blob upload', () => {
  test('DELETE ends it with 204', async () => {
    const place = placeIn(await send('POST', 'cancel/app/blobs/uploads/'));
    await send('PATCH', place, { body: random(100) });
    expect((await send('DELETE', place)).status).toBe(204);
    expect((await send('GET', place)).status).toBe(404);
    expect((await send('DELETE', place)).status).toBe(404);
  });
});

describe('Mounting a blob from another repository', () => {
  test('201 where the other one has it, without any bytes', async () => {
    const bytes = random(400);
    const digest = await pushBlob('mount/from', bytes);
    const mounted = await send('POST', `mount/to/blobs/uploads/?mount=${digest}&from=mount/from`);
    expect(mounted.status).toBe(201);
    expect(Buffer.compare(await (await send('GET', placeIn(mounted))).bytes(), bytes)).toBe(0);
  });

  test('202 with an upload where it has not', async () => {
    const digest = digestOf(random(10));
    const begun = await send('POST', `mount/to/blobs/uploads/?mount=${digest}&from=mount/from`);
    expect(begun.status).toBe(202);
    expect(placeIn(begun)).not.toBe('');
    expect((await send('POST', `mount/to/blobs/uploads/?mount=${digest}`)).status).toBe(202);
  });
});
