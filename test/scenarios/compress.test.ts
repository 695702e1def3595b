/**
 * An upstream that compresses nothing, and clients that like it compressed: a PoP makes each coding once, and goes on
 * answering others while it does.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { npm, web } from '../../src/index.ts';
import {
  type Registry,
  startNetwork,
  startRegistry,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { getRaw, type RawAnswer } from '../support/raw-client.ts';

const page = 'A line that comes again and again.\n'.repeat(500);
const rows = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    id: at,
    name: `row ${(at * 7919) % 100_003}`,
    odd: at % 2 === 1,
  }));
const bodies: Record<string, string> = {
  '/page': page,
  '/ranged': page,
  '/small': 'small',
  '/huge': JSON.stringify(rows(800_000)),
};

let upstream: Upstream;
let registry: Registry;
let network: TestNetwork;

beforeAll(async () => {
  upstream = await startUpstream(({ path }) => ({
    headers: {
      'content-type': bodies[path] === page ? 'text/html' : 'application/json',
      'cache-control': 'max-age=600',
      etag: `"${path.slice(1)}"`,
    },
    body: bodies[path] ?? '',
  }));
  registry = await startRegistry();
  for (let version = 0; version < 50; version++) registry.publish('left', `1.0.${version}`);
  network = await startNetwork({
    nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } },
    routes: [
      npm({ match: { path: '/npm' }, upstreams: [{ url: registry.url }] }),
      web({ upstream: upstream.url }),
    ],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
  await registry?.off();
}, 30_000);

const undo: Record<string, (bytes: Uint8Array) => Buffer> = {
  zstd: zstdDecompressSync,
  br: brotliDecompressSync,
  gzip: gunzipSync,
  identity: Buffer.from,
};

async function get(path: string, fields: Record<string, string>): Promise<RawAnswer> {
  const answer = await getRaw(network.url('pop') + path, fields, { lingerMs: 0 });
  if (answer === null) throw new Error(`${path}: no answer`);
  return answer;
}

test('each coding is made once, from one answer of the upstream, and confirmed by its own tag', async () => {
  for (const coding of ['zstd', 'br', 'gzip', 'identity']) {
    const first = await get('/page', { 'accept-encoding': coding });
    const tag = coding === 'identity' ? '"page"' : `"page~${coding}"`;
    expect([first.status, first.headers.get('content-encoding') ?? 'identity']).toEqual([200, coding]);
    expect([first.headers.get('etag'), first.headers.get('vary')]).toEqual([tag, 'Accept-Encoding']);
    expect(undo[coding]?.(first.body).toString()).toBe(page);

    const hit = await get('/page', { 'accept-encoding': `${coding}, x-unknown` });
    expect(hit.headers.get('cache-status')).toContain('pop;hit');
    expect(hit.headers.get('content-length')).toBe(String(first.body.length));
    expect(hit.body.equals(first.body)).toBe(true);

    const confirmed = await get('/page', { 'accept-encoding': coding, 'if-none-match': tag });
    expect(confirmed.status).toBe(304);
  }
  expect(upstream.count('/page')).toBe(1);
});

test('a part is a part of the plain page, also for clients that like it compressed', async () => {
  const part = await get('/page', { 'accept-encoding': 'zstd, gzip', range: 'bytes=2-5' });
  expect([part.status, part.body.toString(), part.headers.get('content-encoding')]).toEqual([
    206,
    'line',
    null,
  ]);
});

test('documents of npm are compressed in the same way, with links to this PoP', async () => {
  for (const coding of ['gzip', 'br', 'identity']) {
    const document = await get('/npm/left', { 'accept-encoding': coding });
    expect([document.status, document.headers.get('content-encoding') ?? 'identity']).toEqual([200, coding]);
    const { dist } = JSON.parse(undo[coding]?.(document.body).toString() ?? '').versions['1.0.7'];
    expect(dist.tarball).toStartWith(`${network.url('pop')}/npm/left/-/`);
    const tag = document.headers.get('etag') ?? '';
    const confirmed = await get('/npm/left', { 'accept-encoding': coding, 'if-none-match': tag });
    expect([confirmed.status, confirmed.headers.get('cache-status')]).toEqual([
      304,
      expect.stringContaining('pop;hit'),
    ]);
  }
  expect(registry.count('/left')).toBe(1);
});

test('while a huge document is compressed, others are answered at once', async () => {
  await get('/small', {});
  for (const coding of ['zstd', 'br', 'gzip']) {
    let isOver = false;
    const startedMs = performance.now();
    const huge = get('/huge', { 'accept-encoding': coding }).finally(() => {
      isOver = true;
    });
    let worstMs = 0;
    while (!isOver) {
      const askedMs = performance.now();
      expect((await get('/small', {})).headers.get('cache-status')).toContain('pop;hit');
      worstMs = Math.max(worstMs, performance.now() - askedMs);
    }
    const { body } = await huge;
    const tookMs = Math.round(performance.now() - startedMs);
    console.log(
      `${coding}: ${body.length} bytes in ${tookMs} ms; longest wait of others ${Math.round(worstMs)} ms`,
    );
    expect(Bun.hash(undo[coding]?.(body) ?? '')).toBe(Bun.hash(bodies['/huge'] ?? ''));
    // Compressed on the event loop, it would be all of the time that it takes.
    expect(worstMs).toBeLessThan(Math.max(250, tookMs / 2));
  }
}, 60_000);

test('a range that came first hides no compressed form', async () => {
  const part = await get('/ranged', { range: 'bytes=2-5', 'accept-encoding': 'gzip' });
  expect([part.status, part.body.toString()]).toEqual([206, page.slice(2, 6)]);
  const whole = await get('/ranged', { 'accept-encoding': 'gzip' });
  expect(whole.headers.get('content-encoding')).toBe('gzip');
  expect(undo.gzip?.(whole.body).toString()).toBe(page);
  const again = await get('/ranged', { range: 'bytes=2-5', 'accept-encoding': 'gzip' });
  expect(again.headers.get('cache-status')).toContain('pop;hit');
});
