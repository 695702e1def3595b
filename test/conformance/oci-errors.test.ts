/**
 * The OCI Distribution Specification 1.1: its error codes, each for what it is there for, and what is no address of its API. The names of
 * the groups are its sections; docs/conformance.md lists them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { random } from '../support/image.ts';
import {
  addressOf,
  codeIn,
  digestOf,
  imageType,
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

const absent = `sha256:${'0'.repeat(64)}`;
const told = async (response: Response) => [response.status, await codeIn(response)];

describe('Pulling manifests: names, tags and digests', () => {
  const names = [
    'a',
    '0',
    'a/b/c',
    'a-b',
    'a--b',
    'a.b',
    'a_b',
    'a__b',
    'a0/0a',
    'blobs/uploads',
    'x'.repeat(255),
  ];
  const noNames = [
    'A/b',
    'a/B',
    '-a',
    'a-',
    'a..b',
    'a___b',
    'a//b',
    '.a',
    'a_',
    'a+b',
    'a%20b',
    'x'.repeat(256),
  ];
  const tags = ['v1', 'V1', '_v', '1', 'a.b-c_D', 'latest', 'x'.repeat(128)];
  const noTags = ['.v1', '-v1', 'v+1', 'v%201', 'x'.repeat(129)];

  test('a name may be all that the grammar has', async () => {
    for (const name of names)
      expect([name, (await send('POST', `${name}/blobs/uploads/`)).status]).toEqual([name, 202]);
  });

  test('nothing is found by a name that is none, and nothing begun: NAME_INVALID', async () => {
    for (const name of noNames) {
      for (const path of [`manifests/v1`, `blobs/${absent}`, 'tags/list'])
        expect([name, path, ...(await told(await send('GET', `${name}/${path}`)))]).toEqual([
          name,
          path,
          404,
          'NAME_INVALID',
        ]);
      expect([name, ...(await told(await send('POST', `${name}/blobs/uploads/`)))]).toEqual([
        name,
        400,
        'NAME_INVALID',
      ]);
      expect([name, ...(await told(await send('GET', `${name}/referrers/${absent}`)))]).toEqual([
        name,
        400,
        'NAME_INVALID',
      ]);
    }
  });

  test('a tag may be all that the grammar has, of up to 128 characters, and its case counts', async () => {
    const manifest = await manifestIn('grammar/tags');
    for (const tag of tags)
      expect([tag, (await putManifest('grammar/tags', tag, manifest)).status]).toEqual([tag, 201]);
    for (const tag of tags)
      expect([tag, (await send('GET', `grammar/tags/manifests/${tag}`)).status]).toEqual([tag, 200]);
    expect((await send('GET', 'grammar/tags/manifests/LATEST')).status).toBe(404);
  });

  test('nothing is found by a reference that is neither a tag nor a digest, nor pushed', async () => {
    const manifest = await manifestIn('grammar/tags');
    for (const reference of noTags) {
      expect(await told(await send('GET', `grammar/tags/manifests/${reference}`))).toEqual([
        404,
        'MANIFEST_UNKNOWN',
      ]);
      expect((await send('HEAD', `grammar/tags/manifests/${reference}`)).status).toBe(404);
      expect(await told(await putManifest('grammar/tags', reference, manifest))).toEqual([
        400,
        'MANIFEST_INVALID',
      ]);
      const query = `${manifest.digest}?tag=${reference.replace('+', '%2B')}`;
      expect(await told(await putManifest('grammar/tags', query, manifest))).toEqual([
        400,
        'MANIFEST_INVALID',
      ]);
    }
  });

  test('nothing is found by a digest that is none, or of an algorithm that is not known', async () => {
    const hex = 'ab'.repeat(32);
    for (const digest of [
      'sha256:123',
      `sha256:${hex.toUpperCase()}`,
      `SHA256:${hex}`,
      `md5:${hex}`,
      `sha512:${hex}`,
      'a:b:c',
    ]) {
      expect([digest, ...(await told(await send('GET', `grammar/tags/manifests/${digest}`)))]).toEqual([
        digest,
        404,
        'MANIFEST_UNKNOWN',
      ]);
      expect([digest, ...(await told(await send('GET', `grammar/tags/blobs/${digest}`)))]).toEqual([
        digest,
        404,
        'BLOB_UNKNOWN',
      ]);
    }
  });

  test('a digest may have its colon encoded', async () => {
    const digest = await pushBlob('grammar/colon', random(10));
    for (const colon of ['%3A', '%3a'])
      expect((await send('GET', `grammar/colon/blobs/${digest.replace(':', colon)}`)).status).toBe(200);
  });
});

describe('Error Codes', () => {
  test('are in JSON, in the form of the specification, with a sentence and in capitals', async () => {
    const refused = await send('GET', 'errors/none/tags/list');
    expect(refused.headers.get('content-type')).toBe('application/json');
    const { errors } = (await refused.json()) as { errors: Record<string, unknown>[] };
    expect(errors).toEqual([{ code: 'NAME_UNKNOWN', message: expect.any(String), detail: null }]);
  });

  test('BLOB_UNKNOWN: a blob that there is not, to be pulled or deleted', async () => {
    await pushBlob('errors/app', random(10));
    expect(await told(await send('GET', `errors/app/blobs/${absent}`))).toEqual([404, 'BLOB_UNKNOWN']);
    expect(await told(await send('DELETE', `errors/app/blobs/${absent}`))).toEqual([404, 'BLOB_UNKNOWN']);
  });

  test('BLOB_UPLOAD_INVALID: a chunk that is out of order, or whose range is none', async () => {
    const place = placeIn(await send('POST', 'errors/app/blobs/uploads/'));
    const chunk = (range: string) =>
      send('PATCH', place, { body: random(10), headers: { 'content-range': range } });
    expect(await told(await chunk('10-19'))).toEqual([416, 'BLOB_UPLOAD_INVALID']);
    expect(await told(await chunk('ten'))).toEqual([400, 'BLOB_UPLOAD_INVALID']);
  });

  test('BLOB_UPLOAD_UNKNOWN: an upload that there is not, by whatever name', async () => {
    for (const id of [crypto.randomUUID(), 'x', '..%2F..%2Fetc'])
      for (const [method, query] of [
        ['GET', ''],
        ['PATCH', ''],
        ['PUT', `?digest=${absent}`],
        ['DELETE', ''],
      ] as const)
        expect([
          id,
          method,
          ...(await told(await send(method, `errors/app/blobs/uploads/${id}${query}`))),
        ]).toEqual([id, method, 404, 'BLOB_UPLOAD_UNKNOWN']);
  });

  test('DIGEST_INVALID: other bytes than it says, none at all, two that differ, and one that cannot be checked', async () => {
    const bytes = random(10);
    const place = async () => placeIn(await send('POST', 'errors/app/blobs/uploads/'));
    for (const query of [
      `digest=${absent}`,
      '',
      `digest=${digestOf(bytes)}&digest=${absent}`,
      `digest=${digestOf(bytes).toUpperCase()}`,
      `digest=sha256:${digestOf(bytes).slice(7).toUpperCase()}`,
      `digest=md5:${'0'.repeat(32)}`,
    ]) {
      const put = await send('PUT', `${await place()}?${query}`, { body: bytes });
      expect([query, ...(await told(put))]).toEqual([query, 400, 'DIGEST_INVALID']);
    }
    for (const query of ['digest=nonsense', 'mount=nonsense&from=errors/other', 'digest-algorithm=md5'])
      expect([query, ...(await told(await send('POST', `errors/app/blobs/uploads/?${query}`)))]).toEqual([
        query,
        400,
        'DIGEST_INVALID',
      ]);
    const same = await send('PUT', withDigest(withDigest(await place(), digestOf(bytes)), digestOf(bytes)), {
      body: bytes,
    });
    expect(same.status).toBe(201);
  });

  test('MANIFEST_BLOB_UNKNOWN: a manifest that names a blob or a manifest that there is not', async () => {
    const manifest = await manifestIn('errors/from');
    expect(await told(await putManifest('errors/to', 'v1', manifest))).toEqual([
      400,
      'MANIFEST_BLOB_UNKNOWN',
    ]);
    const type = 'application/vnd.oci.image.index.v1+json';
    const index = made({
      schemaVersion: 2,
      mediaType: type,
      manifests: [{ mediaType: imageType, digest: absent, size: 1 }],
    });
    expect(await told(await putManifest('errors/to', 'v1', index, type))).toEqual([
      400,
      'MANIFEST_BLOB_UNKNOWN',
    ]);
  });

  test('MANIFEST_INVALID: nothing, what is no JSON, and a type that nobody knows', async () => {
    for (const [text, type] of [
      ['', imageType],
      ['{', imageType],
      ['[]', imageType],
      ['{}', imageType],
      ['{}', 'text/html'],
      ['{"schemaVersion":2}', ''],
    ] as const) {
      const bytes = new TextEncoder().encode(text);
      expect([
        text,
        ...(await told(await putManifest('errors/app', 'v1', { bytes, digest: '' }, type))),
      ]).toEqual([text, 400, 'MANIFEST_INVALID']);
    }
  });

  test('MANIFEST_UNKNOWN: a manifest that there is not, to be pulled or deleted', async () => {
    for (const method of ['GET', 'DELETE'])
      for (const reference of ['none', absent])
        expect(await told(await send(method, `errors/app/manifests/${reference}`))).toEqual([
          404,
          'MANIFEST_UNKNOWN',
        ]);
  });

  test('NAME_UNKNOWN: a repository that there is not', async () => {
    expect(await told(await send('GET', 'errors/none/tags/list'))).toEqual([404, 'NAME_UNKNOWN']);
    expect(await told(await send('DELETE', `errors/none/manifests/v1`))).toEqual([404, 'NAME_UNKNOWN']);
    expect((await send('GET', `errors/none/manifests/v1`)).status).toBe(404);
    expect((await send('GET', `errors/none/blobs/${absent}`)).status).toBe(404);
  });

  test('SIZE_INVALID: a chunk of another length than its range, and a manifest beyond the limit', async () => {
    const place = placeIn(await send('POST', 'errors/app/blobs/uploads/'));
    const short = await send('PATCH', place, { body: random(10), headers: { 'content-range': '0-99' } });
    expect(await told(short)).toEqual([400, 'SIZE_INVALID']);
    const bytes = random(4 * 2 ** 20 + 1);
    expect(await told(await putManifest('errors/app', 'v1', { bytes, digest: '' }))).toEqual([
      413,
      'SIZE_INVALID',
    ]);
  });

  test('UNAUTHORIZED: nobody in particular may neither push nor delete, and hears where to get a token', async () => {
    for (const [method, path] of [
      ['POST', 'errors/app/blobs/uploads/'],
      ['PUT', 'errors/app/manifests/v1'],
      ['DELETE', 'errors/app/manifests/v1'],
    ] as const) {
      const refused = await fetch(`${addressOf()}/v2/${path}`, { method });
      expect(await told(refused)).toEqual([401, 'UNAUTHORIZED']);
      expect(refused.headers.get('www-authenticate')).toStartWith('Bearer realm="');
    }
  });

  test('DENIED: a tag that stays is not deleted', async () => {
    await putManifest('errors/app', 'fixed-1', await manifestIn('errors/app'));
    expect(await told(await send('DELETE', 'errors/app/manifests/fixed-1'))).toEqual([403, 'DENIED']);
  });

  test('UNSUPPORTED: another method, with those that there are, and another address', async () => {
    for (const [method, path, allowed] of [
      ['POST', 'manifests/v1', 'GET, HEAD, PUT, DELETE'],
      ['PUT', `blobs/${absent}`, 'GET, HEAD, DELETE'],
      ['DELETE', 'tags/list', 'GET, HEAD'],
      ['GET', 'blobs/uploads/', 'POST'],
    ] as const) {
      const refused = await send(method, `errors/app/${path}`);
      expect([path, ...(await told(refused)), refused.headers.get('allow')]).toEqual([
        path,
        405,
        'UNSUPPORTED',
        allowed,
      ]);
    }
    for (const path of ['_catalog', 'errors/app', 'errors/app/tags', `errors/app/blobs/${absent}/`])
      expect([path, ...(await told(await send('GET', path)))]).toEqual([path, 404, 'UNSUPPORTED']);
    expect(await (await send('GET', '_catalog')).text()).toContain('`meridian packages`');
    const encoded = { body: '{}', headers: { 'content-encoding': 'gzip' } };
    expect(await told(await send('PUT', 'errors/app/manifests/v1', encoded))).toEqual([415, 'UNSUPPORTED']);
  });
});
