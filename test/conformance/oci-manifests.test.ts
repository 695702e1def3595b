/**
 * The OCI Distribution Specification 1.1, requirement by requirement: pushing manifests, discovery, deletion. The names of the groups are its
 * sections; docs/conformance.md lists them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { random } from '../support/image.ts';
import {
  codeIn,
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
} from './registry.ts';

beforeAll(startHosting, 60_000);
afterAll(stopHosting, 30_000);

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

  test('more than one answer holds come page by page', async () => {
    const subject = await manifestIn('referrers/many');
    const pushed: string[] = [];
    for (const noise of ['a', 'b', 'c']) {
      const annotations = { noise: noise.repeat(1_900_000) };
      const manifest = await manifestIn('referrers/many', { ...about(subject.digest), annotations });
      expect((await putManifest('referrers/many', manifest.digest, manifest)).status).toBe(201);
      pushed.push(manifest.digest);
    }
    const listed: string[] = [];
    let pages = 0;
    let next: string | undefined = `referrers/many/referrers/${subject.digest}`;
    for (; next !== undefined; pages++) {
      const got: Response = await send('GET', next);
      const { manifests } = (await got.json()) as { manifests: { digest: string }[] };
      listed.push(...manifests.map(({ digest }) => digest));
      next = /^<([^>]+)>; rel="next"$/.exec(got.headers.get('link') ?? '')?.[1];
    }
    expect(pages).toBe(2);
    expect(listed).toEqual(pushed.sort());
  });

  test('an artifact without an image names the empty config', async () => {
    const empty = new TextEncoder().encode('{}');
    const emptyType = 'application/vnd.oci.empty.v1+json';
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
