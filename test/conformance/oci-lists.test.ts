/**
 * The OCI Distribution Specification 1.1: lists of tags and referrers, page by page. The names of the groups are its sections;
 * docs/conformance.md lists them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { random } from '../support/image.ts';
import {
  digestOf,
  imageType,
  indexType,
  manifestIn,
  pushBlob,
  putManifest,
  send,
  startHosting,
  stopHosting,
} from './registry.ts';

beforeAll(startHosting, 60_000);
afterAll(stopHosting, 30_000);

const nextIn = (response: Response) =>
  /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];

describe('Listing Tags: more', () => {
  const sorted = ['1', '10', '2', 'A', 'B', '_', 'a', 'b', 'v1.0', 'v1.0-rc.1'];

  beforeAll(async () => {
    const manifest = await manifestIn('lists/app');
    const query = sorted.toReversed().map((tag) => `tag=${tag}`);
    await putManifest('lists/app', `${manifest.digest}?${query.join('&')}`, manifest);
  });

  test('in the order of their bytes, by whatever page', async () => {
    for (const n of [1, 3, 10, 11, 100_000]) {
      const listed: string[] = [];
      for (let next: string | undefined = `lists/app/tags/list?n=${n}`; next !== undefined; ) {
        const got: Response = await send('GET', next);
        const { name, tags } = (await got.json()) as { name: string; tags: string[] };
        expect([name, tags.length <= n]).toEqual(['lists/app', true]);
        next = nextIn(got);
        if (next !== undefined) expect(tags).toHaveLength(n);
        listed.push(...tags);
      }
      expect(listed).toEqual(sorted);
    }
  });

  test('n and last that are none do not count, and what is asked for besides, neither', async () => {
    for (const query of ['n=-1', 'n=x', 'n=', 'n=99999999999999999999', 'last=%2F', 'last=', 'page=2']) {
      const got = await send('GET', `lists/app/tags/list?${query}`);
      expect([query, got.status, await got.json()]).toEqual([
        query,
        200,
        { name: 'lists/app', tags: sorted },
      ]);
    }
  });

  test('after the last one of all there is nothing, and no link', async () => {
    const got = await send('GET', 'lists/app/tags/list?n=5&last=zzz');
    expect([await got.json(), got.headers.has('link')]).toEqual([{ name: 'lists/app', tags: [] }, false]);
  });

  test('a repository without tags has an empty list', async () => {
    await pushBlob('lists/untagged', random(5));
    const got = await send('GET', 'lists/untagged/tags/list');
    expect([got.status, await got.json()]).toEqual([200, { name: 'lists/untagged', tags: [] }]);
  });

  test('a tag is in the list as soon as it is pushed, and not any more when it is deleted', async () => {
    const manifest = await manifestIn('lists/soon');
    const tags = async () =>
      ((await (await send('GET', 'lists/soon/tags/list')).json()) as { tags: string[] }).tags;
    for (const tag of ['a', 'b']) {
      await putManifest('lists/soon', tag, manifest);
      expect((await tags()).at(-1)).toBe(tag);
    }
    await send('DELETE', 'lists/soon/manifests/a');
    expect(await tags()).toEqual(['b']);
  });
});

describe('Listing Referrers: more', () => {
  const about = (digest: string) => ({ subject: { mediaType: imageType, digest, size: 500 } });
  const listOf = async (name: string, digest: string, query = '') => {
    const got = await send('GET', `${name}/referrers/${digest}${query}`);
    const { manifests } = (await got.json()) as { manifests: Record<string, unknown>[] };
    return {
      manifests,
      filters: got.headers.get('oci-filters-applied'),
      type: got.headers.get('content-type'),
    };
  };

  test('of a subject by SHA-512, and of a referrer by SHA-512', async () => {
    const subject = await manifestIn('refer/sha512');
    const digest = digestOf(subject.bytes, 'sha512');
    const { bytes } = await manifestIn('refer/sha512', about(digest));
    const own = digestOf(bytes, 'sha512');
    const put = await putManifest('refer/sha512', own, { bytes, digest: own });
    expect([put.status, put.headers.get('oci-subject')]).toEqual([201, digest]);
    expect((await listOf('refer/sha512', digest)).manifests).toMatchObject([{ digest: own }]);
  });

  test('a filter is told where it is applied, also where nothing is left, and not where there is none', async () => {
    const subject = digestOf(random(9));
    const pushed = await manifestIn('refer/filter', { ...about(subject), artifactType: 'application/a+b' });
    await putManifest('refer/filter', pushed.digest, pushed);
    const type = encodeURIComponent('application/a+b');
    expect(await listOf('refer/filter', subject, `?artifactType=${type}`)).toMatchObject({
      manifests: [{ digest: pushed.digest, artifactType: 'application/a+b' }],
      filters: 'artifactType',
    });
    const none = await listOf('refer/filter', subject, '?artifactType=application/none');
    expect(none).toEqual({ manifests: [], filters: 'artifactType', type: indexType });
    expect((await listOf('refer/filter', subject)).filters).toBeNull();
  });

  test('in one repository alone, and not as tags', async () => {
    const subject = digestOf(random(9));
    const pushed = await manifestIn('refer/one', about(subject));
    await putManifest('refer/one', pushed.digest, pushed);
    expect((await listOf('refer/other', subject)).manifests).toEqual([]);
    expect(await (await send('GET', 'refer/one/tags/list')).json()).toEqual({ name: 'refer/one', tags: [] });
  });

  test('those that an older client lists by the tag of the subject are listed, as they have been pushed, too', async () => {
    const subject = digestOf(random(9));
    const pushed = await manifestIn('refer/fallback', about(subject));
    await putManifest('refer/fallback', pushed.digest, pushed);
    const tag = subject.replace(':', '-');
    expect((await send('GET', `refer/fallback/manifests/${tag}`)).status).toBe(404);
    expect((await listOf('refer/fallback', subject)).manifests).toMatchObject([{ digest: pushed.digest }]);
  });

  test('never 404: nothing refers to what there is not', async () => {
    expect((await listOf('refer/none', digestOf(random(9)))).manifests).toEqual([]);
  });

  test('400 for a digest that is none', async () => {
    for (const digest of ['v1', 'sha256:12', 'sha256', `md5:${'0'.repeat(32)}`])
      expect([digest, (await send('GET', `refer/app/referrers/${digest}`)).status]).toEqual([digest, 400]);
  });
});
