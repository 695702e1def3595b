/**
 * The access log of a running node: in the format that it is told, with no more in it than it may say, also after a reload.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { web } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  eventually,
  runMeridian,
  type Sketch,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

type Logging = NonNullable<Sketch['nodes'][string]['accessLog']>;

const clientHasLeft = Promise.withResolvers<void>();
let upstream: Upstream;
let network: TestNetwork;

const sketch = (accessLog: Logging): Sketch => ({
  nodes: {
    origin: { role: 'origin', accessLog },
    pop: { role: 'pop', parents: ['origin'], accessLog },
  },
  routes: [
    web({ name: 'private', match: { path: '/private' }, access: 'closed', upstream: upstream.url }),
    web({ name: 'docs', upstream: upstream.url }),
  ],
});

beforeAll(async () => {
  upstream = await startUpstream(async ({ path }) => {
    if (path === '/late') await clientHasLeft.promise;
    const status = path.startsWith('/none') ? 404 : 200;
    return { status, headers: { 'cache-control': 'max-age=600' }, body: 'text' };
  });
  network = await startNetwork(sketch({ format: 'combined' }));
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

async function use(accessLog: Logging): Promise<void> {
  network.rewrite(sketch(accessLog));
  const reloaded = await runMeridian(['reload', '--config', network.configFile], { cwd: network.dir });
  expect(reloaded.code).toBe(0);
}

/** Nothing, before the first line. */
function logOf(node: string): string {
  const path = join(network.dir, 'logs', `${node}.access.log`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

const ask = async (path: string, headers: Record<string, string> = {}) =>
  (await fetch(network.url('pop') + path, { headers, keepalive: false })).text();

/** What is written from now on, until this is. */
async function linesWith(text: string, task: () => Promise<unknown>): Promise<string[]> {
  const before = logOf('pop').length;
  await task();
  await eventually('the line', () => logOf('pop').slice(before).includes(text));
  return logOf('pop').slice(before).trimEnd().split('\n');
}

test('the combined format is what programs expect that read it, escaped', async () => {
  const headers = { 'user-agent': 'npm/11 "quoted" \\ back', referer: 'https://a.example/x?token=hidden1' };
  const [line = ''] = await linesWith('npm/11', () => ask('/a?b=1', headers));
  expect(line).toMatch(
    /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/a\?b=1 HTTP\/1\.1" 200 4 "https:\/\/a\.example\/x\?token=\\xE2\\x80\\xA6" "npm\/11 \\x22quoted\\x22 \\x5C back"$/,
  );
});

test('what a client sends to break a line stays in it', async () => {
  const port = Number(new URL(network.url('pop')).port);
  const lines = await linesWith('hostile', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.end(
      'GET /a%0a%0d"x HTTP/1.1\r\nHost: x\r\nUser-Agent: hostile\t\x80\xff" 200 1\r\nConnection: close\r\n\r\n',
    );
    await new Promise((resolve) => socket.on('close', resolve).resume());
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^[\x20-\x7e]+$/);
  expect(lines[0]).toMatch(/^\S+ - - \[[^\]]+\] "[^"]*" \d+ \d+ "[^"]*" "[^"]*"$/);
});

test('no credential gets into the log of any node, wherever it is put', async () => {
  await use({ format: 'json' });
  const { token } = await tokenFor(network.node('origin'), 'alice', [
    { actions: ['read'], routes: ['private'], subjects: ['*'] },
  ]);
  const bare = token.replace('mrd_', '');
  const base64 = btoa(`alice:${token}`);
  await linesWith('/last', async () => {
    await ask('/private/a', bearer(token));
    await ask('/private/a', { authorization: `Basic ${base64}` });
    await ask('/private/b', { 'x-api-key': token });
    await ask(`/with/${token}`);
    await ask(`/with?q=${token}&token=${bare}`);
    await ask(`/https://alice:${bare}@example.org/`);
    await ask('/agent', { 'user-agent': `npm ${token}` });
    await ask('/last');
  });
  for (const node of ['pop', 'origin']) {
    await eventually(`the log of ${node}`, () => logOf(node).includes('/last'));
    expect(logOf(node)).toContain('/private/a');
    for (const secret of [token, bare, base64]) expect(logOf(node)).not.toContain(secret);
  }
});

test('what is hidden after a reload is hidden from then on: addresses, queries, and paths that are not for everybody', async () => {
  await use({ format: 'json', addresses: 'network', query: 'names', hideRestricted: true });
  const { token } = await tokenFor(network.node('origin'), 'bob', [
    { actions: ['read'], routes: ['private'], subjects: ['*'] },
  ]);
  const lines = await linesWith('/last2', async () => {
    // A miss, a hit, and somebody who may not.
    for (const headers of [bearer(token), bearer(token), {}]) await ask('/private/plans', headers);
    await ask('/last2?who=me');
  });
  const said = lines.map((line) => JSON.parse(line));
  expect(said.map(({ target, outcome }) => `${outcome} ${target}`)).toEqual([
    'miss /…',
    'hit /…',
    'error /…',
    'miss /last2?who=…',
  ]);
  expect(said.every(({ client }) => client === '127.0.0.0')).toBe(true);
});

test('of a sample, what fails is there all the same', async () => {
  await use({ format: 'json', samplePercent: 0, slowMs: 60_000 });
  const lines = await linesWith('/none/2', async () => {
    for (let at = 0; at < 20; at++) await ask(`/fine/${at}`);
    await ask('/none/1');
    await ask('/none/2');
  });
  expect(lines.map((line) => JSON.parse(line).target)).toEqual(['/none/1', '/none/2']);
});

test('who has left before the answer came was somebody, too', async () => {
  await use({ format: 'json' });
  const lines = await linesWith('/late', async () => {
    const leaving = new AbortController();
    const asked = fetch(`${network.url('pop')}/late`, { signal: leaving.signal }).catch(() => 'left');
    await eventually('the upstream to be asked', () => upstream.count('/late') === 1);
    leaving.abort();
    expect(await asked).toBe('left');
    // The PoP hears of things in their order: by then it has noticed.
    for (let at = 0; at < 3; at++) await ask(`/meanwhile/${at}`);
    clientHasLeft.resolve();
  });
  expect(lines.map((line) => JSON.parse(line)).find(({ target }) => target === '/late')).toMatchObject({
    client: '127.0.0.1',
  });
});
