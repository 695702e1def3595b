import { describe, expect, test } from 'bun:test';
import { digestOf } from '../digest.ts';
import { type Read, treeOf } from './tree.ts';

/** A repository of documents, each by its path. */
function repository() {
  const documents = new Map<string, Uint8Array>();
  const put = (value: unknown, tag?: string) => {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const digest = digestOf(bytes);
    for (const name of [digest, ...(tag === undefined ? [] : [tag])])
      documents.set(`/v2/app/manifests/${name}`, bytes);
    return { digest, size: bytes.byteLength };
  };
  const read: Read = async (target) => {
    const bytes = documents.get(target);
    if (bytes === undefined) return { status: 404, headers: new Headers(), bytes: new Uint8Array() };
    return { status: 200, headers: new Headers({ 'docker-content-digest': digestOf(bytes) }), bytes };
  };
  const tree = (platforms: readonly string[] = [], over: Read = read) =>
    treeOf({ at: '/v2/app', tag: 'v1', platforms, read: over });
  return { put, read, tree };
}

const blob = (text: string, size: number) => ({ digest: digestOf(new TextEncoder().encode(text)), size });
const image = (name: string) => ({
  config: blob(`config ${name}`, 1),
  layers: [blob(`layer ${name}`, 100), blob('base', 50)],
});

describe('what a pull of a tag takes', () => {
  test('is the manifest by both of its names, its config and its layers, each once', async () => {
    const { put, tree } = repository();
    const { digest } = put(image('a'), 'v1');
    const found = await tree();
    if (found.is !== 'there') throw new Error(found.is);
    expect(found.items.map(({ target, bytes }) => [target, bytes]).slice(2)).toEqual([
      [`/v2/app/blobs/${blob('config a', 1).digest}`, 1],
      [`/v2/app/blobs/${blob('layer a', 1).digest}`, 100],
      [`/v2/app/blobs/${blob('base', 1).digest}`, 50],
    ]);
    expect(found.items.slice(0, 2).map(({ target, etag }) => [target, etag])).toEqual([
      ['/v2/app/manifests/v1', `"${digest}"`],
      [`/v2/app/manifests/${digest}`, `"${digest}"`],
    ]);
  });

  test('lacks what the policy refuses, and says why', async () => {
    const { put, read, tree } = repository();
    const of = (name: string) => ({ ...put(image(name)), platform: { os: 'linux', architecture: name } });
    const [amd64, arm64] = [of('amd64'), of('arm64')];
    put({ manifests: [amd64, arm64] }, 'v1');
    const refusing =
      (what: string, detail: object | null): Read =>
      async (target, maxBytes) => {
        if (!target.endsWith(what)) return read(target, maxBytes);
        const text = JSON.stringify({ errors: [{ code: 'DENIED', message: 'it is blocked', detail }] });
        return { status: 403, headers: new Headers(), bytes: new TextEncoder().encode(text) };
      };
    const rules = { rules: ['blocked'] };
    expect(await tree([], refusing('v1', rules))).toEqual({ is: 'refused', why: 'it is blocked' });
    const part = await tree([], refusing(arm64.digest, rules));
    if (part.is !== 'there') throw new Error(part.is);
    expect(part.lacks).toBe('it is blocked');
    const targets = part.items.map(({ target }) => target);
    expect(targets).toContain(`/v2/app/manifests/${amd64.digest}`);
    expect(targets).not.toContain(`/v2/app/manifests/${arm64.digest}`);
    // An upstream that lets nobody in says nothing of the policy.
    expect((await tree([], refusing('v1', null))).is).toBe('unknown');
  });

  test('of an index, is the index and what is for the platforms that are wanted', async () => {
    const { put, tree } = repository();
    const of = (name: string, architecture: string, variant?: string) => ({
      ...put(image(name)),
      platform: { os: 'linux', architecture, ...(variant && { variant }) },
    });
    put({ manifests: [of('a', 'amd64'), of('b', 'arm64', 'v8'), of('c', 'arm', 'v7')] }, 'v1');
    const layersOf = async (platforms: readonly string[]) => {
      const found = await tree(platforms);
      if (found.is !== 'there') throw new Error(found.is);
      return ['a', 'b', 'c'].filter((name) =>
        found.items.some(({ target }) => target.endsWith(blob(`layer ${name}`, 1).digest)),
      );
    };
    expect(await layersOf([])).toEqual(['a', 'b', 'c']);
    expect(await layersOf(['linux/amd64'])).toEqual(['a']);
    expect(await layersOf(['linux/arm64', 'linux/arm/v7'])).toEqual(['b', 'c']);
    expect(await layersOf(['linux/arm/v6'])).toEqual([]);
  });

  test('leaves out what an index names and nobody has', async () => {
    const { put, tree } = repository();
    put({ manifests: [{ digest: digestOf(new Uint8Array([1])), size: 1 }] }, 'v1');
    expect(await tree()).toMatchObject({ is: 'there', items: [{}, {}] });
  });

  test('is not known of an index that names more than nodes are told of, and nobody is asked for the rest', async () => {
    const { put, tree, read } = repository();
    const all = Array.from({ length: 4000 }, (_, nth) => put({ nth }));
    put({ manifests: all }, 'v1');
    let reads = 0;
    const found = await tree([], (target, maxBytes) => {
      reads++;
      return read(target, maxBytes);
    });
    expect(found).toMatchObject({ is: 'unknown', why: expect.stringContaining('more than 2000') });
    expect(reads).toBeLessThan(2100);
  });

  test('has nothing that is said to be shorter than nothing', async () => {
    const { put, tree } = repository();
    put({ layers: [blob('a', -1)] }, 'v1');
    expect(await tree()).toMatchObject({ is: 'there', items: [{}, {}] });
  });

  test('is nothing where the tag is gone, and not known where nobody can be asked', async () => {
    const { put, tree, read } = repository();
    expect(await tree()).toEqual({ is: 'gone' });
    const { digest } = put(image('a'));
    put({ manifests: [{ digest, size: 1 }] }, 'v1');
    const broken: Read = async (target, most) => {
      const answer = await read(target, most);
      return target.endsWith(digest) ? { ...answer, status: 502 } : answer;
    };
    expect(await tree([], broken)).toMatchObject({ is: 'unknown' });
  });
});
