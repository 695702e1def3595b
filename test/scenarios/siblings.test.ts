/**
 * Two PoPs that name each other as siblings, behind a shield: what one has, the other gets from there, and the shield does
 * not hear of it. What neither has comes from the shield, and what a PoP has made for its own clients stays there.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { npm, peer, web } from '../../src/index.ts';
import { type FaultyProxy, startProxy } from '../faults/proxy.ts';
import { type BigObject, bigObject } from '../support/big-object.ts';
import {
  eventually,
  noise,
  noiseBytes,
  type Registry,
  startNetwork,
  startRegistry,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const mebibyte = 2 ** 20;
let upstream: Upstream;
let registry: Registry;
let big: BigObject;
/** The line from `ams` to its sibling. */
let line: FaultyProxy;
let network: TestNetwork;

beforeAll(async () => {
  big = await bigObject();
  registry = await startRegistry();
  upstream = await startUpstream(({ path, headers }) => {
    if (path.startsWith('/text')) {
      const body = `<p>${path}</p>`.repeat(500);
      return {
        headers: { 'cache-control': 'max-age=600', 'content-type': 'text/html', etag: `"${path}"` },
        body,
      };
    }
    if (path.startsWith('/private')) {
      return {
        headers: { 'cache-control': 'private, max-age=600' },
        body: headers.get('cookie') ?? 'nobody',
      };
    }
    if (path.startsWith('/brief'))
      return { headers: { 'cache-control': 'max-age=1' }, body: noise(path, 500) };
    const fields = {
      'cache-control': 'max-age=600',
      etag: `"${path}"`,
      'cache-tag': 'all',
      'x-kind': 'plain',
    };
    const size = path.startsWith('/large') ? 5 * mebibyte : 5000;
    return {
      headers: { ...fields, 'meridian-cdn-cache-control': 'max-age=900' },
      body: noiseBytes(Bun.hash.crc32(path), size),
    };
  });
  const target = { port: 0 };
  line = await startProxy(target);
  const pop = { role: 'pop', slices: { fromBytes: '8 MiB', bytes: '1 MiB' } } as const;
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      lhr: { ...pop, parents: [peer('ams'), 'shield'], url: line.url, workers: 2 },
      ams: { ...pop, parents: [peer('lhr'), 'shield'] },
    },
    routes: [
      npm({ match: { path: '/npm' }, upstreams: [{ url: registry.url }] }),
      web({ name: 'big', match: { path: '/big' }, upstream: big.url }),
      web({ upstream: upstream.url }),
    ],
  });
  target.port = network.node('lhr').port;
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await line?.off();
  await Promise.all([upstream?.off(), registry?.off(), big?.[Symbol.asyncDispose]()]);
}, 30_000);

beforeEach(() => upstream.forget());

async function get(pop: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const fields = { 'accept-encoding': 'identity', ...headers };
  const response = await fetch(network.url(pop) + path, { method, headers: fields });
  const body = Buffer.from(await response.arrayBuffer());
  return { response, body, how: response.headers.get('cache-status') ?? '' };
}

function asks(pop: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return network.during(() => get(pop, path, headers, method));
}

test('what a sibling has comes from there, as it came there', async () => {
  const first = await get('lhr', '/page');
  await Bun.sleep(1100);
  const seen = await asks('ams', '/page');
  const { response, body, how } = seen.result;
  expect(body).toEqual(first.body);
  expect(how).toMatch(/^shield;.*, lhr; ?hit; ?ttl=\d+; ?detail=memory, ams; ?fwd=uri-miss|^lhr; ?hit/);
  expect(seen.asked('shield')).toHaveLength(0);
  expect(upstream.count('/page')).toBe(1);
  for (const name of ['etag', 'cache-control', 'cache-tag', 'x-kind', 'date', 'content-type'])
    expect(response.headers.get(name)).toBe(first.response.headers.get(name));
  expect(Number(response.headers.get('age'))).toBeGreaterThanOrEqual(1);
  expect(response.headers.has('meridian-sibling')).toBe(false);
  expect(response.headers.has('meridian-cdn-cache-control')).toBe(false);

  const again = await get('ams', '/page');
  expect(again.how).toMatch(/ams; ?hit; ?ttl=89\d/);
});

test('what a sibling has not comes from the shield, and nobody is asked for it twice', async () => {
  const seen = await asks('ams', '/elsewhere');
  expect(seen.result.response.status).toBe(200);
  expect(seen.asked('lhr').map(({ status, outcome }) => ({ status, outcome }))).toEqual([
    { status: 504, outcome: 'absent' },
  ]);
  expect(seen.asked('shield')).toHaveLength(1);
  expect(upstream.count('/elsewhere')).toBe(1);
});

test('siblings that name each other make no circle', async () => {
  const seen = await network.during(() => Promise.all([get('ams', '/circle'), get('lhr', '/circle')]));
  for (const { response } of seen.result) expect(response.status).toBe(200);
  expect(upstream.count('/circle')).toBe(1);
  expect(seen.asked('shield').length).toBeLessThanOrEqual(2);
});

test('HEAD and a range of what a sibling has', async () => {
  const whole = await get('lhr', '/parts');
  const seen = await network.during(async () => ({
    head: await get('ams', '/parts', {}, 'HEAD'),
    range: await get('ams', '/parts', { range: 'bytes=100-199' }),
  }));
  const { head, range } = seen.result;
  expect(head.response.headers.get('content-length')).toBe('5000');
  expect(range.response.status).toBe(206);
  expect(range.body).toEqual(whole.body.subarray(100, 200));
  expect(seen.asked('shield')).toHaveLength(0);
});

test('large objects come whole, and in slices as far as a sibling has them', async () => {
  const large = await get('lhr', '/large');
  const whole = await asks('ams', '/large');
  expect(whole.result.body.equals(large.body)).toBe(true);
  expect(whole.asked('shield')).toHaveLength(0);

  const path = `/big/object?size=${64 * mebibyte}`;
  const part = { range: `bytes=${3 * mebibyte + 5}-${3 * mebibyte + 9}` };
  const there = await get('lhr', path, part);
  const near = await asks('ams', path, part);
  expect(near.result.body).toEqual(there.body);
  expect(near.asked('shield')).toHaveLength(0);
  const far = await asks('ams', path, { range: `bytes=${40 * mebibyte}-${40 * mebibyte + 9}` });
  expect(far.result.response.status).toBe(206);
  expect(far.asked('shield')).toHaveLength(1);
});

test('what a PoP has compressed stays there, and its plain form does not', async () => {
  await get('lhr', '/text/coded', { 'accept-encoding': 'zstd' });
  const coded = await asks('ams', '/text/coded', { 'accept-encoding': 'zstd' });
  expect(coded.asked('shield')).toHaveLength(1);
  expect(coded.asked('lhr').map(({ outcome }) => outcome)).toEqual(['absent']);

  const plain = await get('lhr', '/text/plain');
  const seen = await asks('ams', '/text/plain', { 'accept-encoding': 'gzip' });
  expect(seen.asked('shield')).toHaveLength(0);
  expect(seen.result.body).toEqual(plain.body); // fetch has decoded it
  expect(seen.result.response.headers.get('content-encoding')).toBe('gzip');
});

test("tarballs come from a sibling; packuments are made for the asker's own address", async () => {
  const { path, bytes } = registry.publish('left-pad', '1.0.0');
  await get('lhr', '/npm/left-pad');
  await get('lhr', `/npm${path}`);
  const wanted = (target: string) =>
    network
      .node('lhr')
      .asked()
      .some((each) => each.target === target);
  await eventually('both to be in the log', () => wanted('/npm/left-pad') && wanted(`/npm${path}`));
  const document = await asks('ams', '/npm/left-pad');
  expect(JSON.parse(document.result.body.toString()).versions['1.0.0'].dist.tarball).toBe(
    `${network.url('ams')}/npm${path}`,
  );
  // What he is going to want next may have been asked for there already.
  expect(document.asked('lhr').filter(({ target }) => target === '/npm/left-pad')).toHaveLength(0);
  const tarball = await asks('ams', `/npm${path}`);
  expect(tarball.result.body.equals(Buffer.from(bytes))).toBe(true);
  expect(tarball.asked('shield')).toHaveLength(0);
  expect(tarball.result.response.headers.get('repr-digest')).not.toBeNull();
});

test('private responses and stale ones are not handed over', async () => {
  await get('lhr', '/private', { cookie: 'who=1' });
  const other = await asks('ams', '/private', { cookie: 'who=2' });
  expect(other.result.body.toString()).toBe('who=2');
  expect(other.asked('shield')).toHaveLength(1);

  await get('lhr', '/brief');
  await Bun.sleep(1500);
  const stale = await asks('ams', '/brief');
  expect(stale.asked('shield')).toHaveLength(1);
});

test('a client cannot ask as a sibling does', async () => {
  const forged = { 'meridian-tier': `ams web ${Date.now()} s ${'A'.repeat(43)}` };
  expect((await get('lhr', '/page', forged)).response.status).toBe(403);
});

test('a break within the body is followed by the shield', async () => {
  await eventually('it to be stored', async () => (await get('lhr', '/large/broken')).how.includes('hit'));
  // What it has carried so far counts.
  await line.off();
  await line.on();
  line.weather({ resetAfterBytes: 2 * mebibyte });
  const broken = await get('ams', '/large/broken').catch((error) => error);
  expect(broken).toBeInstanceOf(Error);
  const seen = await asks('ams', '/large/broken');
  line.weather({});
  expect(seen.result.body.length).toBe(5 * mebibyte);
  expect(seen.asked('shield')).toHaveLength(1);
});

test('a sibling that is silent is waited for once, and one that is dead not at all', async () => {
  line.weather({ blackhole: true });
  const startedMs = performance.now();
  expect((await get('ams', '/silent')).response.status).toBe(200);
  expect(performance.now() - startedMs).toBeLessThan(1500);
  await eventually('the sibling to be passed over', async () => (await stateOfSibling()) === 'down');
  line.weather({});
  await line.off();
  await line.on();
  await eventually('the sibling to be asked again', async () => (await stateOfSibling()) === 'returning');

  await line.off();
  const deadMs = performance.now();
  for (let nth = 0; nth < 10; nth++) {
    expect((await get('ams', `/dead/${nth}`)).response.status).toBe(200);
  }
  expect(performance.now() - deadMs).toBeLessThan(1000);
  expect(await stateOfSibling()).toBe('down');
  await line.on();
});

async function stateOfSibling(): Promise<string | undefined> {
  const { parents } = await network.node('ams').status();
  return parents.find(({ name }) => name === 'lhr')?.state;
}
