/**
 * The OCI Distribution Specification 1.1, requirement by requirement, asked of a PoP whose origin is two hops away. The names of the groups
 * are its sections; docs/conformance.md lists them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { oci } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { random } from '../support/image.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';

const imageType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const emptyType = 'application/vnd.oci.empty.v1+json';

let network: TestNetwork;
let token: string;

beforeAll(async () => {
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      pop: { role: 'pop', parents: ['shield'] },
    },
    routes: [oci({ hosted: { names: ['*'], public: ['*'], immutableTags: ['fixed-*'] } })],
  });
  const all = { actions: ['read', 'publish', 'delete'], routes: ['oci'], subjects: ['*'] } as const;
  ({ token } = await tokenFor(network.node('origin'), 'ci', [all]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
}, 30_000);

interface Sent extends Omit<RequestInit, 'headers'> {
  readonly headers?: Record<string, string>;
}

/** @param target a path below `/v2/`, or what a `Location` says. */
function send(method: string, target: string, { headers, ...init }: Sent = {}): Promise<Response> {
  const url = new URL(target.startsWith('/') ? target : `/v2/${target}`, network.url('pop'));
  return fetch(url, { method, headers: { ...bearer(token), ...headers }, ...init });
}

const hexOf = (bytes: Uint8Array, algorithm: 'sha256' | 'sha512') =>
  new Bun.CryptoHasher(algorithm).update(bytes).digest('hex');
const digestOf = (bytes: Uint8Array, algorithm: 'sha256' | 'sha512' = 'sha256') =>
  `${algorithm}:${hexOf(bytes, algorithm)}`;
const placeIn = (response: Response) => response.headers.get('location') ?? '';
const withDigest = (location: string, digest: string) =>
  `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`;

async function codeIn(response: Response): Promise<string> {
  const { errors } = (await response.json()) as { errors: { code: string }[] };
  return errors[0]?.code ?? '';
}

async function pushBlob(name: string, bytes: Uint8Array, digest = digestOf(bytes)): Promise<string> {
  const begun = await send('POST', `${name}/blobs/uploads/`);
  const put = await send('PUT', withDigest(placeIn(begun), digest), { body: bytes });
  expect(put.status).toBe(201);
  return digest;
}

interface Made {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** A manifest whose config and layer are in the repository. */
async function manifestIn(name: string, more: Record<string, unknown> = {}): Promise<Made> {
  const layer = random(500);
  const config = new TextEncoder().encode(JSON.stringify({ noise: crypto.randomUUID() }));
  await pushBlob(name, layer);
  await pushBlob(name, config);
  return made({
    schemaVersion: 2,
    mediaType: imageType,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digestOf(config),
      size: config.length,
    },
    layers: [
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(layer), size: layer.length },
    ],
    ...more,
  });
}

function made(value: unknown): Made {
  // Not as anybody would write it anew: it has to come back byte for byte.
  const bytes = new TextEncoder().encode(`${JSON.stringify(value, null, 3)}\n`);
  return { bytes, digest: digestOf(bytes) };
}

const putManifest = (name: string, reference: string, { bytes }: Made, type = imageType) =>
  send('PUT', `${name}/manifests/${reference}`, { body: bytes, headers: { 'content-type': type } });

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

  test('a reference that is neither a tag nor a digest is refused', async () => {
    for (const reference of ['.v1', 'sha256:123', `sha256:${'A'.repeat(64)}`, 'x'.repeat(129)])
      expect([reference, (await send('GET', `pull/manifest/manifests/${reference}`)).status]).toEqual([
        reference,
        400,
      ]);
  });

  test('a name that is none is refused with NAME_INVALID', async () => {
    const refused = await send('GET', 'Pull/Manifest/manifests/v1');
    expect([refused.status, await codeIn(refused)]).toEqual([400, 'NAME_INVALID']);
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
    let place = placeIn(await send('POST', 'chunks/app/blobs/uploads/', { headers: { 'content-length': '0' } }));
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
    const again = await send('PATCH', placeIn(first), { body: bytes.subarray(0, 1000), headers: range(0, 999) });
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

describe('Pushing Manifests', () => {
  test('201 with a place and the digest, by tag, by digest, and with more tags', async () => {
    const manifest = await manifestIn('manifest/app');
    const byTag = await putManifest('manifest/app', 'v1', manifest);
    expect([byTag.status, byTag.headers.get('docker-content-digest')]).toEqual([201, manifest.digest]);
    expect(Buffer.compare(await (await send('GET', placeIn(byTag))).bytes(), manifest.bytes)).toBe(0);
    const tags = Array.from({ length: 12 }, (_, nth) => `t${nth}`);
    const query = tags.map((tag) => `tag=${tag}`).join('&');
    const byDigest = await putManifest('manifest/app', `${manifest.digest}?${query}`, manifest);
    expect([byDigest.status, byDigest.headers.get('oci-tag')]).toEqual([201, tags.join(', ')]);
    expect((await send('HEAD', 'manifest/app/manifests/t11')).status).toBe(200);
  });

  test('by SHA-512', async () => {
    const { bytes } = await manifestIn('manifest/sha512');
    const digest = digestOf(bytes, 'sha512');
    const put = await putManifest('manifest/sha512', `${digest}?tag=v1`, { bytes, digest });
    expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, digest]);
    const got = await send('GET', 'manifest/sha512/manifests/v1');
    expect(got.headers.get('docker-content-digest')).toBe(digest);
  });

  test('parameters of the type are ignored', async () => {
    const manifest = await manifestIn('manifest/type');
    await putManifest('manifest/type', 'v1', manifest, `${imageType}; charset=utf-8`);
    const got = await send('GET', 'manifest/type/manifests/v1');
    expect(got.headers.get('content-type')).toBe(imageType);
  });

  test('what names a blob that is not there is refused with MANIFEST_BLOB_UNKNOWN', async () => {
    const manifest = await manifestIn('manifest/other');
    const refused = await putManifest('manifest/missing', 'v1', manifest);
    expect([refused.status, await codeIn(refused)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    expect((await send('GET', 'manifest/missing/manifests/v1')).status).toBe(404);
  });

  test('what is not the digest in its address is refused with DIGEST_INVALID', async () => {
    const manifest = await manifestIn('manifest/app');
    const refused = await putManifest('manifest/app', digestOf(random(1)), manifest);
    expect([refused.status, await codeIn(refused)]).toEqual([400, 'DIGEST_INVALID']);
  });

  test('what is ambiguous or no manifest is refused with MANIFEST_INVALID', async () => {
    const good = JSON.parse(new TextDecoder().decode((await manifestIn('manifest/bad')).bytes));
    const cases: readonly [string, unknown, string?][] = [
      ['both lists', { ...good, manifests: [] }],
      ['another type', { ...good, mediaType: indexType }],
      ['no type at all', { ...good, mediaType: undefined }, 'text/plain'],
      ['no layers', { ...good, layers: undefined }],
      ['schema 1', { ...good, schemaVersion: 1 }],
      ['another size', { ...good, config: { ...good.config, size: 1 } }],
      ['no object', []],
    ];
    for (const [what, value, type] of cases) {
      const refused = await putManifest('manifest/bad', 'v1', made(value), type);
      expect([what, refused.status, await codeIn(refused)]).toEqual([what, 400, 'MANIFEST_INVALID']);
    }
    const text = { bytes: new TextEncoder().encode('{"schemaVersion": 2,'), digest: '' };
    expect((await putManifest('manifest/bad', 'v1', text)).status).toBe(400);
  });

  test('4 MiB are taken, and more refused with 413', async () => {
    const annotations = { noise: 'x'.repeat(4 * 2 ** 20 - 2000) };
    const large = await manifestIn('manifest/large', { annotations });
    expect((await putManifest('manifest/large', 'v1', large)).status).toBe(201);
    const larger = await manifestIn('manifest/large', { annotations: { noise: 'x'.repeat(4 * 2 ** 20) } });
    expect((await putManifest('manifest/large', 'v2', larger)).status).toBe(413);
  });

  test('a tag that stays is not moved', async () => {
    const [first, second] = [await manifestIn('manifest/fixed'), await manifestIn('manifest/fixed')];
    expect((await putManifest('manifest/fixed', 'fixed-1', first)).status).toBe(201);
    expect((await putManifest('manifest/fixed', 'fixed-1', first)).status).toBe(201);
    const refused = await putManifest('manifest/fixed', 'fixed-1', second);
    expect([refused.status, await codeIn(refused)]).toEqual([403, 'DENIED']);
    expect((await send('DELETE', `manifest/fixed/manifests/${first.digest}`)).status).toBe(403);
    expect((await send('HEAD', 'manifest/fixed/manifests/fixed-1')).status).toBe(200);
  });
});

describe('Pushing Manifests with Subject, and Listing Referrers', () => {
  const about = (digest: string, size = 500) => ({ subject: { mediaType: imageType, digest, size } });

  test('before there is any, and without a repository, the list is empty', async () => {
    for (const name of ['referrers/none', 'referrers/app']) {
      const got = await send('GET', `${name}/referrers/${digestOf(random(3))}`);
      expect([got.status, got.headers.get('content-type')]).toEqual([200, indexType]);
      expect(await got.json()).toEqual({ schemaVersion: 2, mediaType: indexType, manifests: [] });
    }
    expect((await send('GET', 'referrers/app/referrers/nonsense')).status).toBe(400);
  });

  test('whoever refers to a manifest is listed with type and annotations, whether that is there or not', async () => {
    const subject = await manifestIn('referrers/app');
    const path = `referrers/app/referrers/${subject.digest}`;
    expect(await (await send('GET', path)).json()).toMatchObject({ manifests: [] });
    const signature = await manifestIn('referrers/app', {
      ...about(subject.digest),
      artifactType: 'application/vnd.example.signature',
      annotations: { by: 'alice' },
    });
    const put = await putManifest('referrers/app', signature.digest, signature);
    expect([put.status, put.headers.get('oci-subject')]).toEqual([201, subject.digest]);
    const plain = await manifestIn('referrers/app', about(subject.digest));
    await putManifest('referrers/app', 'plain', plain);
    await putManifest('referrers/app', 'v1', subject);
    const list = made({ schemaVersion: 2, mediaType: indexType, manifests: [], ...about(subject.digest) });
    await putManifest('referrers/app', list.digest, list, indexType);

    const { manifests } = (await (await send('GET', path)).json()) as { manifests: { digest: string }[] };
    const byDigest = Object.fromEntries(manifests.map(({ digest, ...rest }) => [digest, rest]));
    expect(byDigest).toEqual({
      [signature.digest]: {
        ...{ mediaType: imageType, size: signature.bytes.length },
        ...{ artifactType: 'application/vnd.example.signature', annotations: { by: 'alice' } },
      },
      [plain.digest]: {
        ...{ mediaType: imageType, size: plain.bytes.length },
        artifactType: 'application/vnd.oci.image.config.v1+json',
      },
      [list.digest]: { mediaType: indexType, size: list.bytes.length },
    });

    const filtered = await send('GET', `${path}?artifactType=application/vnd.example.signature`);
    expect(filtered.headers.get('oci-filters-applied')).toBe('artifactType');
    expect(await filtered.json()).toMatchObject({ manifests: [{ digest: signature.digest }] });
    await send('DELETE', `referrers/app/manifests/${signature.digest}`);
    const left = (await (await send('GET', path)).json()) as { manifests: unknown[] };
    expect(left.manifests).toHaveLength(2);
  });

  test('an artifact without an image names the empty config', async () => {
    const empty = new TextEncoder().encode('{}');
    const digest = await pushBlob('referrers/artifact', empty);
    const artifact = made({
      ...{ schemaVersion: 2, mediaType: imageType, artifactType: 'application/vnd.example.sbom' },
      config: { mediaType: emptyType, digest, size: 2 },
      layers: [{ mediaType: emptyType, digest, size: 2 }],
    });
    expect((await putManifest('referrers/artifact', 'v1', artifact)).status).toBe(201);
  });
});

describe('Listing Tags', () => {
  const names = ['alpha', 'beta', 'delta', 'gamma'];
  const list = async (query = '') => {
    const got = await send('GET', `tags/app/tags/list${query}`);
    const { tags } = (await got.json()) as { tags: string[] };
    return { status: got.status, tags, link: got.headers.get('link') };
  };

  beforeAll(async () => {
    const manifest = await manifestIn('tags/app');
    for (const tag of ['gamma', 'alpha', 'delta', 'beta']) await putManifest('tags/app', tag, manifest);
  });

  test('all of them, in order', async () => {
    expect(await list()).toEqual({ status: 200, tags: names, link: null });
  });

  test('n at a time, with a link to the next page', async () => {
    const first = await list('?n=3');
    expect(first.tags).toEqual(['alpha', 'beta', 'delta']);
    const [, next = ''] = /^<([^>]+)>; rel="next"$/.exec(first.link ?? '') ?? [];
    const rest = (await (await send('GET', next)).json()) as { tags: string[] };
    expect(rest.tags).toEqual(['gamma']);
    expect((await list('?n=4')).link).toBeNull();
    expect(await list('?n=0')).toEqual({ status: 200, tags: [], link: null });
  });

  test('after the last one, whether that is there or not', async () => {
    expect((await list('?last=beta')).tags).toEqual(['delta', 'gamma']);
    expect((await list('?n=1&last=c')).tags).toEqual(['delta']);
  });

  test('of a repository that is not there: 404 NAME_UNKNOWN', async () => {
    const none = await send('GET', 'tags/none/tags/list');
    expect([none.status, await codeIn(none)]).toEqual([404, 'NAME_UNKNOWN']);
  });
});

describe('Content Management', () => {
  test('a tag is deleted with 202, and the manifest stays', async () => {
    const manifest = await manifestIn('delete/tag');
    await putManifest('delete/tag', 'v1', manifest);
    await send('GET', 'delete/tag/manifests/v1');
    expect((await send('DELETE', 'delete/tag/manifests/v1')).status).toBe(202);
    expect((await send('GET', 'delete/tag/manifests/v1')).status).toBe(404);
    expect((await send('GET', `delete/tag/manifests/${manifest.digest}`)).status).toBe(200);
    const tags = await (await send('GET', 'delete/tag/tags/list')).json();
    expect(tags).toEqual({ name: 'delete/tag', tags: [] });
  });

  test('a manifest is deleted with 202, and all its tags with it', async () => {
    const manifest = await manifestIn('delete/manifest');
    for (const tag of ['v1', 'v2']) await putManifest('delete/manifest', tag, manifest);
    for (const reference of ['v1', 'v2', manifest.digest])
      expect((await send('GET', `delete/manifest/manifests/${reference}`)).status).toBe(200);
    expect((await send('DELETE', `delete/manifest/manifests/${manifest.digest}`)).status).toBe(202);
    for (const reference of ['v1', 'v2', manifest.digest])
      expect((await send('GET', `delete/manifest/manifests/${reference}`)).status).toBe(404);
    expect((await send('DELETE', `delete/manifest/manifests/${manifest.digest}`)).status).toBe(404);
    expect((await send('DELETE', `delete/none/manifests/${manifest.digest}`)).status).toBe(404);
  });

  test('a blob is deleted with 202, once no manifest needs it', async () => {
    const manifest = await manifestIn('delete/blob');
    await putManifest('delete/blob', 'v1', manifest);
    const { layers } = JSON.parse(new TextDecoder().decode(manifest.bytes));
    const path = `delete/blob/blobs/${layers[0].digest}`;
    expect((await send('GET', path)).status).toBe(200);
    expect((await send('DELETE', path)).status).toBe(405);
    await send('DELETE', `delete/blob/manifests/${manifest.digest}`);
    expect((await send('DELETE', path)).status).toBe(202);
    expect((await send('GET', path)).status).toBe(404);
    expect((await send('DELETE', path)).status).toBe(404);
  });
});
