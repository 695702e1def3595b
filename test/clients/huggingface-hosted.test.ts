/** Models that live here: uploaded with `@huggingface/hub` and by plain HTTP, through PoPs, a shield and an origin. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  createRepo,
  deleteFile,
  deleteRepo,
  downloadFile,
  listCommits,
  listFiles,
  modelInfo,
  uploadFiles,
  whoAmI,
} from '@huggingface/hub';
import { huggingface } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import { type Hub, sha256Of, startHub } from '../support/hub.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';

const weights = new Uint8Array(2_500_000).map((_, at) => (at * 11) % 251);
let hub: Hub;
let network: TestNetwork;
let token: string;
let reader: string;

beforeAll(async () => {
  hub = await startHub();
  const files = { 'config.json': new TextEncoder().encode('from somebody else') };
  hub.repos.set('models/ours/model', { commits: [{ id: 'a'.repeat(40), files }] });
  hub.repos.set('models/Ours/model', { commits: [], movedTo: 'models/ours/model' });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      huggingface({
        upstreams: [{ url: hub.url }],
        hosted: { names: ['ours/*', 'open/*', 'datasets/open/*'], public: ['open/*', 'datasets/open/*'] },
      }),
    ],
  });
  const right = (actions: readonly ('read' | 'publish' | 'delete')[]) => ({
    ...{ actions, routes: ['huggingface'], subjects: ['ours/*', 'open/*', 'datasets/open/*'] },
  });
  const origin = network.node('origin');
  ({ token } = await tokenFor(origin, 'alice', [right(['read', 'publish', 'delete'])]));
  ({ token: reader } = await tokenFor(origin, 'bob', [right(['read'])]));
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await hub?.off();
});

const at = (pop = 'near') => `${network.url(pop)}/hf`;
const shown = () => `hf_${token}`;
const text = (of: string) => new Blob([of]);

async function post(
  path: string,
  body: string | Uint8Array,
  fields: Record<string, string> = {},
  method = 'POST',
) {
  const headers = { ...bearer(token), 'content-type': 'application/json', ...fields };
  const response = await fetch(`${at()}/${path}`, { method, headers, body: Buffer.from(body) });
  return { status: response.status, text: await response.text() };
}

async function namesIn(repo: string, pop = 'far'): Promise<string[]> {
  const names: string[] = [];
  const asked = { repo, recursive: true, hubUrl: at(pop), accessToken: shown() };
  for await (const { path, type } of listFiles(asked)) if (type === 'file') names.push(path);
  return names;
}

async function bytesOf(repo: string, path: string, pop = 'far', revision = 'main'): Promise<Uint8Array> {
  const blob = await downloadFile({ repo, path, revision, hubUrl: at(pop), accessToken: shown() });
  return new Uint8Array((await blob?.arrayBuffer()) ?? []);
}

describe('@huggingface/hub', () => {
  test('makes a repository, uploads small and large files, and everybody has them at once', async () => {
    const repo = 'open/tiny';
    const known = { repo, hubUrl: at(), accessToken: shown() };
    expect(await createRepo(known)).toMatchObject({ id: repo });
    await expect(createRepo(known)).rejects.toThrow('already created');
    const files = [
      { path: 'config.json', content: text('{"one":1}') },
      { path: 'sub/weights ü.safetensors', content: new Blob([weights]) },
    ];
    const done = await uploadFiles({ ...known, files, commitTitle: 'First' });
    expect(done?.commit.oid).toMatch(/^[0-9a-f]{40}$/);
    expect((await namesIn(repo)).sort()).toEqual(['config.json', 'sub/weights ü.safetensors']);
    expect(Buffer.from(await bytesOf(repo, 'config.json')).toString()).toBe('{"one":1}');
    expect(sha256Of(await bytesOf(repo, 'sub/weights ü.safetensors'))).toBe(sha256Of(weights));
    expect(await modelInfo({ name: repo, hubUrl: at('far') })).toMatchObject({ name: repo, private: false });
    const again = await uploadFiles({
      ...known,
      files: [{ path: 'config.json', content: text('{"two":2}') }],
    });
    expect(Buffer.from(await bytesOf(repo, 'config.json')).toString()).toBe('{"two":2}');
    const before = await bytesOf(repo, 'config.json', 'far', done?.commit.oid);
    expect(Buffer.from(before).toString()).toBe('{"one":1}');
    await deleteFile({ ...known, path: 'config.json' });
    expect(await namesIn(repo)).toEqual(['sub/weights ü.safetensors']);
    const commits: string[] = [];
    for await (const { title } of listCommits({ repo, hubUrl: at('far') })) commits.push(title);
    expect(commits).toEqual(['Delete config.json', 'Add 1 files', 'First', 'initial commit']);
    expect(again?.commit.oid).not.toBe(done?.commit.oid);
  });

  test('is told who it is', async () => {
    expect(await whoAmI({ hubUrl: at(), accessToken: shown() })).toMatchObject({ name: 'alice' });
  });

  test('takes a repository away, and may make it again', async () => {
    const known = {
      repo: { type: 'dataset', name: 'open/rows' },
      hubUrl: at(),
      accessToken: shown(),
    } as const;
    await createRepo({ ...known, files: [{ path: 'rows.csv', content: text('1,2') }] });
    const path = `${at('far')}/datasets/open/rows/resolve/main/rows.csv`;
    expect(await (await fetch(path)).text()).toBe('1,2');
    await deleteRepo(known);
    const gone = await fetch(path);
    expect([gone.status, gone.headers.get('x-error-code')]).toEqual([404, 'RepoNotFound']);
    await createRepo(known);
    expect((await fetch(path)).headers.get('x-error-code')).toBe('EntryNotFound');
  });

  test('is refused where it may not upload, and nothing is there', async () => {
    const known = { repo: 'open/refused', hubUrl: at(), accessToken: `hf_${reader}` };
    await expect(createRepo(known)).rejects.toThrow('no right to publish');
    await expect(createRepo({ ...known, repo: 'else/where', accessToken: shown() })).rejects.toThrow();
    expect((await fetch(`${at()}/api/models/open/refused`)).status).toBe(404);
  });

  test('what only some may read is told to nobody else, and never asked for at the Hub', async () => {
    const known = { repo: 'ours/model', hubUrl: at(), accessToken: shown() };
    await createRepo(known);
    await uploadFiles({ ...known, files: [{ path: 'config.json', content: text('ours') }] });
    hub.forget();
    expect(Buffer.from(await bytesOf('ours/model', 'config.json')).toString()).toBe('ours');
    const path = 'ours/model/resolve/main/config.json';
    expect((await fetch(`${at('far')}/${path}`)).status).toBe(401);
    const foreign = { authorization: 'Bearer hf_somebodyElse' };
    expect((await fetch(`${at('far')}/${path}`, { headers: foreign })).status).toBe(401);
    expect((await fetch(`${at('far')}/api/models/ours/model`)).status).toBe(401);
    expect(hub.count()).toBe(0);
    // By another spelling, the Hub would give what is not ours.
    expect((await fetch(`${at('far')}/Ours/model/resolve/main/config.json`)).status).toBe(404);
  });
});

describe('plain HTTP', () => {
  test('of two commits on the same ground, the second one is refused', async () => {
    await createRepo({ repo: 'open/two', hubUrl: at(), accessToken: shown() });
    const { text: said } = await post('api/models/open/two/commit/main', commitOf('a', 'one'));
    const { commitOid } = JSON.parse(said);
    expect((await post('api/models/open/two/commit/main', commitOf('b', 'two', commitOid))).status).toBe(200);
    const late = await post('api/models/open/two/commit/main', commitOf('c', 'three', commitOid));
    expect([late.status, late.text]).toEqual([412, expect.stringContaining('another commit')]);
    expect((await namesIn('open/two')).sort()).toEqual(['a', 'b']);
  });

  test('files are found by their paths', async () => {
    const asked = await post('api/models/open/two/paths-info/main', JSON.stringify({ paths: ['a', 'none'] }));
    expect(JSON.parse(asked.text)).toMatchObject([{ path: 'a', type: 'file', size: 3 }]);
  });
});

function commitOf(path: string, content: string, parentCommit?: string): string {
  const value = { path, content: Buffer.from(content).toString('base64'), encoding: 'base64' };
  return lines({ key: 'header', value: { summary: 'Add', parentCommit } }, { key: 'file', value });
}

function lines(...all: object[]): string {
  return all.map((line) => JSON.stringify(line)).join('\n');
}

describe('bad input gets a clear error, and nothing is kept', () => {
  const header = { key: 'header', value: { summary: 'Bad' } };
  const file = (path: string, content = 'b25l') => ({
    key: 'file',
    value: { path, content, encoding: 'base64' },
  });
  const lfs = (oid: string, size = 3) => ({
    key: 'lfsFile',
    value: { path: 'x.bin', algo: 'sha256', oid, size },
  });
  const commits: readonly (readonly [string, string, number])[] = [
    ['no JSON', 'garbage', 400],
    ['no header', lines(file('x')), 400],
    ['two headers', lines(header, header), 400],
    ['a line of another kind', lines(header, { key: 'symlink', value: { path: 'x' } }), 400],
    ['a way out of the tree', lines(header, file('../x')), 400],
    ['a path of nothing', lines(header, file('a//x')), 400],
    ['a line break in a path', lines(header, file('a\nx')), 400],
    ['what Git keeps for itself', lines(header, file('.git/config')), 400],
    ['a path that is too long', lines(header, file('x'.repeat(500))), 400],
    ['a file that is a folder, too', lines(header, file('x'), file('x/y')), 400],
    ['no Base64', lines(header, file('x', 'b25!')), 400],
    ['half of Base64', lines(header, file('x', 'b25')), 400],
    ['an object that is none', lines(header, lfs('zz')), 400],
    ['an object that nobody has uploaded', lines(header, lfs('0'.repeat(64))), 400],
    ['a file to delete that is not there', lines(header, { key: 'deletedFile', value: { path: 'x' } }), 404],
  ];
  test('a commit', async () => {
    await createRepo({ repo: 'open/bad', hubUrl: at(), accessToken: shown() });
    for (const [what, body, status] of commits) {
      const done = await post('api/models/open/bad/commit/main', body);
      expect([what, done.status, done.text.length > 20]).toEqual([what, status, true]);
    }
    expect((await post('api/models/open/bad/commit/other', lines(header, file('x')))).status).toBe(400);
    expect((await post('api/models/open/none/commit/main', lines(header, file('x')))).status).toBe(404);
    expect(await namesIn('open/bad')).toEqual([]);
  });

  test('an upload', async () => {
    const bytes = new TextEncoder().encode('one');
    const oid = sha256Of(bytes);
    const batch = JSON.stringify({ operation: 'upload', objects: [{ oid, size: 3 }] });
    const { text: said } = await post('open/bad.git/info/lfs/objects/batch', batch);
    const { transfer, objects } = JSON.parse(said);
    expect(transfer).toBe('basic');
    const { href } = objects[0].actions.upload;
    const put = async (to: string, body: Uint8Array) =>
      (await fetch(to, { method: 'PUT', body: Buffer.from(body) })).status;
    expect(await put(href, new TextEncoder().encode('two'))).toBe(400);
    expect(await put(href.replace(oid, sha256Of(weights)), weights)).toBe(403);
    expect(await put(href.replace('by=user', 'by=admin'), bytes)).toBe(403);
    expect(await put(href.replace(/\?.*/, ''), bytes)).toBe(403);
    const body = lines(header, { ...lfs(oid), value: { path: 'x.bin', oid, size: 3 } });
    expect((await post('api/models/open/bad/commit/main', body)).status).toBe(400);
    expect(await put(href, bytes)).toBe(200);
    const other = lines(header, { key: 'lfsFile', value: { path: 'x.bin', oid, size: 4 } });
    expect((await post('api/models/open/bad/commit/main', other)).status).toBe(400);
    expect(await namesIn('open/bad')).toEqual([]);
    expect((await post('api/models/open/bad/commit/main', body)).status).toBe(200);
    expect(Buffer.from(await bytesOf('open/bad', 'x.bin')).toString()).toBe('one');
  });

  test('a name', async () => {
    for (const name of ['a/b/c', '..', 'open/..', 'open/a--b', 'open/', 'open/.git', 'öpen/x'])
      expect([name, (await post('api/repos/create', JSON.stringify({ name }))).status]).toEqual([name, 400]);
    expect((await post('api/repos/create', 'garbage')).status).toBe(400);
  });
});
