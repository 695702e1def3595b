/**
 * Upstreams fail in every way that a wire allows. The client gets the right status, nothing that is not whole is
 * ever stored, and whatever is stored is served rather than an error.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { web } from '../../src/index.ts';
import { type FaultyProxy, startProxy } from '../faults/proxy.ts';
import { type Outcome, wireFaults } from '../faults/wire.ts';
import {
  eventually,
  freePort,
  noise,
  type Sketch,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { getRaw, type RawAnswer, sendRaw } from '../support/raw-client.ts';

const bodyBytes = 300_000;
let upstream: Upstream;
let proxy: FaultyProxy;
let network: TestNetwork;

/** Long enough for a slow machine; each tier a little longer than the one above, so that the cause is named. */
const timeouts = (ms: number) => ({ connectMs: ms / 2, firstByteMs: ms, betweenBytesMs: ms }) as const;

beforeAll(async () => {
  upstream = await startUpstream(({ path }) => ({
    headers: { 'cache-control': cacheControlOf(path), etag: `"${path}"` },
    body: bodyAt(path),
    chunked: path.includes('chunked'),
  }));
  proxy = await startProxy({ port: upstream.port });
  const sketch: Sketch = {
    nodes: {
      origin: { role: 'origin', timeouts: timeouts(800) },
      shield: { role: 'shield', parents: ['origin'], timeouts: timeouts(1_600) },
      pop: { role: 'pop', parents: ['shield'], timeouts: timeouts(2_400) },
    },
    routes: [
      web({ name: 'no-dns', match: { path: '/no-dns' }, upstream: 'http://nowhere.invalid' }),
      web({ name: 'refused', match: { path: '/refused' }, upstream: `http://127.0.0.1:${await freePort()}` }),
      web({ name: 'line', match: { path: '/line' }, upstream: proxy.url }),
      web({ upstream: upstream.url }),
    ],
  };
  network = await startNetwork(sketch);
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await proxy?.off();
  await upstream?.off();
}, 30_000);

/** What a client may ask for, each with the column of the table that says what it gets. */
const questions = [
  { asks: 'cold', wants: 'a cold object' },
  { asks: 'stale', wants: 'an object that is stored, but stale' },
  { asks: 'range', wants: 'a part of a cold object' },
  { asks: 'head', wants: 'the head of a cold object' },
] as const;

for (const { asks, wants } of questions) {
  describe(`${wants}, and upstream gives`, () => {
    for (const row of wireFaults) {
      const gives = row[asks];
      if (gives === null) continue;
      test(`${row.what}: ${gives}, nothing bad stored`, async () => {
        const path = pathFor(asks);
        if (asks === 'stale') expect(isWhole(await get(path))).toBe(true);
        upstream.fault(row.fault(bodyAt(path)), (request) => request.path === path);
        const answer = await ask(asks, path);
        upstream.fault(null);
        expectOutcome(gives, answer, path, asks);

        const asked = upstream.count(path);
        // A tier above may still be waiting for the answer that will not come.
        const healed = await eventually('the right answer', async () => {
          const next = await get(path);
          return isWhole(next) && next;
        });
        expect(healed.body.toString() === bodyAt(path), describeAnswer(healed)).toBe(true);
        // What is stale may be served for a while before upstream is asked again.
        if (gives === 'right' || asks === 'stale') return;
        expect(upstream.count(path), 'what had failed was served from store').toBeGreaterThan(asked);
      });
    }
  });
}

function ask(asks: (typeof questions)[number]['asks'], path: string): Promise<RawAnswer | null> {
  if (asks !== 'head')
    return get(path, asks === 'range' ? { range: `bytes=${part.from}-${part.to - 1}` } : {});
  const request = `HEAD ${path} HTTP/1.1\r\nHost: pop\r\nConnection: close\r\n\r\n`;
  return sendRaw(network.node('pop').port, request, { lingerMs: 0, bodiless: true });
}

/** Within what has come before a body breaks off. */
const part = { from: 150_000, to: 250_000 } as const;

function expectOutcome(gives: Outcome, answer: RawAnswer | null, path: string, asks: string): void {
  const seen = describeAnswer(answer);
  const body = answer?.body.toString() ?? '';
  const whole = bodyAt(path);
  switch (gives) {
    case 'broken':
      // Whatever has come is right as far as it goes, and cannot be taken for all of it. A part may be refused at once.
      expect(answer?.whole === true && answer.status < 500, seen).toBe(false);
      if (answer !== null && answer.status < 500) expect(whole.includes(body), seen).toBe(true);
      return;
    case 'unharmed':
      expect(whole.includes(body), seen).toBe(true);
      if (answer?.whole) expect([answer.status, body.length], seen).toEqual([200, whole.length]);
      return;
    case 'stale':
      expect([answer?.status, body === whole, answer?.headers.get('cache-status')], seen).toEqual([
        200,
        true,
        expect.stringContaining('stale-if-error'),
      ]);
      return;
    case 'right':
    case 'passed': {
      const isPart = asks === 'range' && answer?.status === 206;
      expect(answer?.status, seen).toBe(isPart ? 206 : 200);
      expect(body === (isPart ? whole.slice(part.from, part.to) : whole), seen).toBe(true);
      return;
    }
    default:
      expect(answer?.status, seen).toBe(gives);
      expect(answer?.whole, seen).toBe(true);
  }
}

describe('upstream gives', () => {
  test('more bytes than announced: the next answer on that connection is not made of them', async () => {
    upstream.fault({ as: 'excess', announced: 1_000 });
    await get(pathFor('excess'));
    upstream.fault(null);
    for (const path of [pathFor('after'), pathFor('after'), pathFor('after')]) {
      expect((await get(path))?.body.toString()).toBe(bodyAt(path));
    }
  });

  test('a name that does not resolve, or nobody who listens: 502', async () => {
    expect((await get('/no-dns/x'))?.status).toBe(502);
    expect((await get('/refused/x'))?.status).toBe(502);
  });

  test('a line that swallows everything: 504; one that resets: broken; one that is slow: all of it', async () => {
    proxy.weather({ blackhole: true });
    expect((await get('/line/1'))?.status).toBe(504);
    await proxy.off();
    await proxy.on();
    proxy.weather({ resetAfterBytes: 50_000 });
    expect(isWhole(await get('/line/2'))).toBe(false);
    proxy.weather({ latencyMs: 50, bytesPerSecond: 3_000_000 });
    expect((await get('/line/2'))?.body.toString()).toBe(bodyAt('/2'));
    proxy.weather({});
  });
});

describe('an object that is stored, but stale, and nobody listens', () => {
  test('refused connections: what is stored, and what is new once upstream is back', async () => {
    const path = pathFor('stale');
    await get(path);
    await upstream.off();
    const answer = await get(path);
    await upstream.on();
    expect(answer?.body.toString()).toBe(bodyAt(path));
    expect(answer?.headers.get('cache-status')).toContain('stale-if-error');
  });
});

let paths = 0;

/** A path that nobody has asked for yet. What is in it decides how upstream answers. */
function pathFor(what: string): string {
  paths++;
  return `/${what}/${paths}`;
}

/** Stale at once, where it is about that. */
function cacheControlOf(path: string): string {
  return path.startsWith('/stale') ? 'max-age=0, stale-if-error=600' : 'public, max-age=600';
}

function bodyAt(path: string): string {
  return noise(path, bodyBytes);
}

function get(path: string, fields: Record<string, string> = {}): Promise<RawAnswer | null> {
  return getRaw(network.url('pop') + path, fields, { lingerMs: 0 });
}

/** Whether a client would take it for a complete, successful answer. */
function isWhole(answer: RawAnswer | null): boolean {
  return answer !== null && answer.status === 200 && answer.whole;
}

function describeAnswer(answer: RawAnswer | null): string {
  if (answer === null) return 'the connection ended without an answer';
  return `${answer.start}, ${answer.headers.get('cache-status')}, ${answer.body.length} bytes, ${answer.whole ? 'whole' : 'broken off'}: ${answer.body.subarray(0, 80)}`;
}
