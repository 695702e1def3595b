/** Models through PoPs, a shield and an origin: pulled from a Hub with `@huggingface/hub` and curl, and uploaded here. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { downloadFile, fileDownloadInfo, listFiles, modelInfo, whoAmI } from '@huggingface/hub';
import { huggingface } from '../../src/index.ts';
import { type Hub, hubToken, sha256Of, startHub } from '../support/hub.ts';
import { startNetwork, type TestNetwork, temporary } from '../support/index.ts';

const encoder = new TextEncoder();
const folder = temporary('huggingface');
const [first, second] = ['a'.repeat(40), 'b'.repeat(40)];
const weights = new Uint8Array(3_000_000).map((_, at) => (at * 7) % 251);
const long = new Uint8Array(24_000_000).map((_, at) => (at * 13) % 241);
const mark = 'for-nobody-else-7f3a';
const config = encoder.encode('{"model_type":"tiny"}\n');
let hub: Hub;
let network: TestNetwork;

beforeAll(async () => {
  hub = await startHub();
  const others = Object.fromEntries(
    ['1', '2', '3', '4'].map((name) => [`sub/${name} ü.txt`, encoder.encode(name)]),
  );
  const files = { 'config.json': config, 'model.safetensors': weights, ...others };
  hub.repos.set('models/acme/tiny', { commits: [{ id: first, files }] });
  hub.repos.set('models/acme/long', { commits: [{ id: first, files: { 'long.bin': long } }] });
  hub.repos.set('models/old/tiny', { commits: [], movedTo: 'models/acme/tiny' });
  const gated = { ...files, 'mark.txt': encoder.encode(mark) };
  hub.repos.set('models/acme/gated', { commits: [{ id: first, files: gated }], gated: true });
  hub.repos.set('models/acme/secret', { commits: [{ id: first, files }], private: true });
  hub.repos.set('datasets/acme/rows', { commits: [{ id: first, files: { 'rows.csv': config } }] });
  hub.repos.set('models/evil/model', { commits: [{ id: first, files }] });
  hub.repos.set('models/alias/model', { commits: [], movedTo: 'models/evil/model' });
  hub.repos.set('models/new/model', {
    ...{ commits: [{ id: first, files }], lastModified: new Date().toISOString() },
  });
  const upstreams = [{ url: hub.url }];
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
      far: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      huggingface({ upstreams, metadata: { freshS: 60 } }),
      huggingface({
        ...{ name: 'moving', match: { path: '/moving' }, upstreams },
        metadata: { freshS: 0, staleWhileRevalidateS: 0 },
      }),
      huggingface({
        ...{ name: 'own', match: { path: '/own' } },
        upstreams: [{ url: hub.url, authorization: `Bearer ${hubToken}` }],
      }),
      huggingface({
        ...{ name: 'shared', match: { path: '/shared' }, gated: 'share' },
        upstreams: [{ url: hub.url, authorization: `Bearer ${hubToken}` }],
      }),
      huggingface({
        ...{ name: 'strict', match: { path: '/strict' }, upstreams },
        policy: { blocked: ['evil/model'], releaseAge: { minimumS: '3d' } },
      }),
    ],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await hub?.off();
  folder[Symbol.dispose]();
});

const at = (pop = 'near', route = 'hf') => `${network.url(pop)}/${route}`;
const repo = 'acme/tiny';

async function get(
  path: string,
  { pop = 'near', route = 'hf', ...init }: RequestInit & { pop?: string; route?: string } = {},
) {
  const response = await fetch(`${at(pop, route)}/${path}`, init);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: Buffer.from(bytes).toString() };
}

async function all<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const list: Value[] = [];
  for await (const value of values) list.push(value);
  return list;
}

describe('@huggingface/hub', () => {
  for (const pop of ['near', 'far'])
    test(`lists, looks at and downloads files, cold and warm (${pop})`, async () => {
      const hubUrl = at(pop);
      expect(await modelInfo({ name: repo, hubUrl })).toMatchObject({ name: repo });
      const listed = await all(listFiles({ repo, hubUrl, recursive: true }));
      expect(listed).toHaveLength(6);
      expect(listed.every((each) => !('xetHash' in each))).toBe(true);
      const info = await fileDownloadInfo({ repo, path: 'model.safetensors', hubUrl });
      expect(info).toMatchObject({ size: weights.length, etag: `"${sha256Of(weights)}"` });
      expect(info?.xet).toBeUndefined();
      const blob = await downloadFile({ repo, path: 'model.safetensors', hubUrl });
      expect(sha256Of(new Uint8Array((await blob?.arrayBuffer()) ?? []))).toBe(sha256Of(weights));
      const part = await blob?.slice(1_000_000, 1_000_100).arrayBuffer();
      expect(new Uint8Array(part ?? [])).toEqual(weights.slice(1_000_000, 1_000_100));
      expect(await (await downloadFile({ repo, path: 'config.json', hubUrl }))?.text()).toContain('tiny');
      expect(await downloadFile({ repo, path: 'sub/2 ü.txt', hubUrl }).then((each) => each?.text())).toBe(
        '2',
      );
      expect(await downloadFile({ repo, path: 'missing.json', hubUrl })).toBeNull();
    });

  test('asks the Hub nothing when all is there', async () => {
    hub.forget();
    const hubUrl = at('far');
    await all(listFiles({ repo, hubUrl, recursive: true }));
    await (await downloadFile({ repo, path: 'model.safetensors', hubUrl }))?.arrayBuffer();
    expect(await downloadFile({ repo, path: 'missing.json', hubUrl })).toBeNull();
    expect(hub.count()).toBe(0);
  });

  test('tells who shows a token of the Hub who he is', async () => {
    expect(await whoAmI({ accessToken: hubToken, hubUrl: at() })).toMatchObject({ name: 'reader' });
    await expect(whoAmI({ accessToken: 'hf_wrong', hubUrl: at() })).rejects.toThrow();
  });
});

describe('a file', () => {
  test('of a revision that moves is found at its commit, where its bytes are kept once', async () => {
    const moved = await get(`${repo}/resolve/main/config.json`, { redirect: 'manual' });
    expect([moved.status, moved.headers.get('location'), moved.headers.get('x-repo-commit')]).toEqual([
      ...[307, `/hf/${repo}/resolve/${first}/config.json`, first],
    ]);
    const head = await get(`${repo}/resolve/main/model.safetensors`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect({
      commit: head.headers.get('x-repo-commit'),
      etag: head.headers.get('x-linked-etag'),
      size: head.headers.get('x-linked-size'),
      length: head.headers.get('content-length'),
      xet: head.headers.get('x-xet-hash'),
      link: head.headers.get('link'),
    }).toEqual({
      ...{ commit: first, etag: `"${sha256Of(weights)}"`, size: '3000000', length: '3000000' },
      ...{ xet: null, link: null },
    });
  });

  test('comes once for a crowd', async () => {
    hub.forget();
    const asked = ['near', 'far', 'near', 'far', 'near'].map((pop) =>
      get(`${repo}/resolve/${first}/sub/4%20%C3%BC.txt`, { pop }),
    );
    expect((await Promise.all(asked)).map(({ text }) => text)).toEqual(['4', '4', '4', '4', '4']);
    expect(
      hub.api.requests().filter(({ method, path }) => method === 'GET' && path.includes('/resolve/')),
    ).toHaveLength(1);
    const large = ['near', 'far', 'near'].map((pop) => get(`acme/long/resolve/${first}/long.bin`, { pop }));
    expect((await Promise.all(large)).map(({ bytes }) => sha256Of(bytes))).toEqual(
      Array(3).fill(sha256Of(long)),
    );
    expect(hub.cdn.count()).toBe(1);
  });

  test('of a data set', async () => {
    expect((await get('datasets/acme/rows/resolve/main/rows.csv')).text).toContain('tiny');
    expect((await get('api/datasets/acme/rows')).status).toBe(200);
  });

  test('is at hand while the Hub is away, and when a revision has moved', async () => {
    const files = { 'config.json': encoder.encode('two') };
    const path = `${repo}/resolve/main/config.json`;
    expect((await get(path, { route: 'moving' })).text).toContain('tiny');
    hub.repos.get(`models/${repo}`)?.commits.push({ id: second, files });
    expect((await get(path, { route: 'moving' })).text).toBe('two');
    await hub.off();
    expect((await get(path, { route: 'moving' })).text).toBe('two');
    expect((await get(path)).text).toContain('tiny');
    expect((await get(`${repo}/resolve/${first}/model.safetensors`, { pop: 'far' })).status).toBe(200);
    await hub.on();
    hub.repos.get(`models/${repo}`)?.commits.pop();
  });

  test('what curl fetches is what there is', async () => {
    const file = join(folder.path, 'weights');
    const curl = Bun.spawn(['curl', '-sfL', '-o', file, `${at()}/${repo}/resolve/main/model.safetensors`]);
    expect(await curl.exited).toBe(0);
    expect(sha256Of(await Bun.file(file).bytes())).toBe(sha256Of(weights));
  });
});

describe('lists', () => {
  test('lead to their next page by this address, also when they are confirmed', async () => {
    for (let times = 0; times < 2; times++)
      for (const route of ['hf', 'moving']) {
        const { headers, status } = await get(`api/models/${repo}/tree/main?recursive=true`, { route });
        expect([status, headers.get('link')]).toEqual([
          200,
          `<${at('near', route)}/api/models/${repo}/tree/main?recursive=true&cursor=3>; rel="next"`,
        ]);
      }
  });

  test('say of some paths what they are', async () => {
    const paths = JSON.stringify({ paths: ['config.json', 'none'] });
    const asked = { method: 'POST', body: paths, headers: { 'content-type': 'application/json' } };
    const { text } = await get(`api/models/${repo}/paths-info/main`, asked);
    expect(JSON.parse(text)).toMatchObject([{ path: 'config.json', size: config.length }]);
    expect(text).not.toContain('xetHash');
  });
});

describe('what there is not', () => {
  const cases = [
    [`${repo}/resolve/main/none.json`, 'EntryNotFound'],
    [`${repo}/resolve/${'c'.repeat(40)}/config.json`, 'RevisionNotFound'],
    [`${repo}/resolve/none/config.json`, 'RevisionNotFound'],
    [`api/models/${repo}/revision/none`, 'RevisionNotFound'],
    ['acme/none/resolve/main/config.json', 'RepoNotFound'],
    ['api/models/acme/none', 'RepoNotFound'],
    ['acme/secret/resolve/main/config.json', 'RepoNotFound'],
  ] as const;
  for (const [path, code] of cases)
    test(`is told as ${code}: ${path}`, async () => {
      for (const pop of ['near', 'far']) {
        const { status, headers } = await get(path, { pop });
        expect([status, headers.get('x-error-code')]).toEqual([404, code]);
        expect(headers.get('x-error-message')?.length).toBeGreaterThan(10);
      }
    });
});

describe('what is not for everybody', () => {
  const own = { headers: { authorization: `Bearer ${hubToken}` } };
  const gated = 'acme/gated/resolve/main/model.safetensors';

  test('is refused with the reason, and not given to anybody because somebody may have it', async () => {
    const refused = await get(gated);
    expect([refused.status, refused.headers.get('x-error-code')]).toEqual([403, 'GatedRepo']);
    const given = await get(gated, own);
    expect([given.status, sha256Of(given.bytes)]).toEqual([200, sha256Of(weights)]);
    expect(given.headers.get('cache-control')).toBe('private, no-store');
    const part = await get(gated, { headers: { ...own.headers, range: 'bytes=5-9' } });
    expect([part.status, part.bytes]).toEqual([206, weights.slice(5, 10)]);
    const head = await get(gated, { ...own, method: 'HEAD' });
    expect([head.status, head.headers.get('x-repo-commit')]).toEqual([200, first]);
    expect((await get('api/models/acme/secret', own)).status).toBe(200);
    for (const pop of ['near', 'far']) {
      expect((await get(gated, { pop })).status).toBe(403);
      expect((await get(`acme/gated/resolve/${first}/model.safetensors`, { pop })).status).toBe(403);
      expect((await get('api/models/acme/secret', { pop })).status).toBe(404);
    }
    // The store of bytes for other people was asked without the token.
    expect(hub.cdn.requests().every(({ headers }) => !headers.has('authorization'))).toBe(true);
  });

  test('is written down nowhere, neither what was given nor the token', async () => {
    expect((await get('acme/gated/resolve/main/mark.txt', own)).text).toBe(mark);
    for (const what of [mark, hubToken]) {
      const found = Bun.spawn(['grep', '-rlaF', what, network.dir], { stdout: 'pipe' });
      // The config holds the network's own token, which is the same one here.
      const files = (await found.stdout.text()).split('\n').filter((file) => file !== network.configFile);
      expect([what, files]).toEqual([what, ['']]);
    }
  });

  test('is not shared because the network may see it, unless the config says so', async () => {
    const { status, headers } = await get(gated, { route: 'own' });
    expect([status, headers.get('x-error-code')]).toEqual([403, 'GatedRepo']);
    expect((await get('acme/gated/resolve/main/config.json', { route: 'own' })).status).toBe(403);
    for (const path of [
      'api/models/acme/secret',
      'api/models/acme/secret/tree/main',
      'acme/secret/resolve/main/config.json',
    ])
      expect([path, (await get(path, { route: 'own' })).status]).toEqual([path, 404]);
    expect((await get('api/models?search=secret', { route: 'own' })).text).not.toContain('secret');
    expect((await get(`${repo}/resolve/main/config.json`, { route: 'own' })).status).toBe(200);
    const shared = await get(gated, { route: 'shared' });
    expect([shared.status, sha256Of(shared.bytes)]).toEqual([200, sha256Of(weights)]);
    expect((await get('api/models/acme/secret', { route: 'shared' })).status).toBe(200);
  });

  test('cannot be changed through this route', async () => {
    const made = await get('api/repos/create', { method: 'POST', body: '{}', ...own });
    expect(made.status).toBe(405);
  });
});

describe('the policy', () => {
  test('holds by whatever name a repository is asked for', async () => {
    for (const name of ['evil/model', 'alias/model'])
      expect([name, (await get(`${name}/resolve/main/config.json`, { route: 'strict' })).status]).toEqual([
        name,
        403,
      ]);
    expect((await get(`${repo}/resolve/main/config.json`, { route: 'strict' })).text).toContain('tiny');
    expect((await get('old/tiny/resolve/main/config.json', { route: 'strict' })).status).toBe(200);
  });

  test('refuses a commit that is too new', async () => {
    const { status, text } = await get('new/model/resolve/main/config.json', { route: 'strict' });
    expect([status, text.includes('error')]).toEqual([403, true]);
  });
});
