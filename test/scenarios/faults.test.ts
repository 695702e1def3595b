/**
 * Upstreams fail in every way that a wire allows. The client gets the right status, nothing that is not whole is
 * ever stored, and whatever is stored is served rather than an error.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { web } from '../../src/index.ts';
import { type FaultyProxy, startProxy } from '../faults/proxy.ts';
import {
  eventually,
  type Fault,
  freePort,
  noise,
  type Sketch,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { getRaw, type RawAnswer } from '../support/raw-client.ts';

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

interface Case {
  readonly what: string;
  readonly fault: Fault;
  readonly chunked?: boolean;
  /** The status, or that the answer breaks off: its head had been sent before anything was wrong. */
  readonly gives: number | 'broken';
}

const cases: readonly Case[] = [
  { what: 'a reset before the head', fault: { as: 'reset' }, gives: 502 },
  { what: 'a reset in the body', fault: { as: 'reset', afterBytes: 100_000 }, gives: 'broken' },
  { what: 'silence instead of a head', fault: { as: 'stall' }, gives: 504 },
  { what: 'silence in the body', fault: { as: 'stall', afterBytes: 100_000 }, gives: 'broken' },
  { what: 'fewer bytes than announced', fault: { as: 'cut', afterBytes: 299_999 }, gives: 'broken' },
  {
    what: 'a missing last chunk',
    fault: { as: 'cut', afterBytes: bodyBytes },
    chunked: true,
    gives: 'broken',
  },
  { what: 'something that is not HTTP', fault: { as: 'garbage' }, gives: 502 },
  { what: 'a 500', fault: { as: 'status', status: 500 }, gives: 500 },
  { what: 'a 503', fault: { as: 'status', status: 503 }, gives: 503 },
];

describe('a cold object, and upstream gives', () => {
  for (const { what, fault, chunked, gives } of cases) {
    test(`${what}: ${gives}, nothing stored`, async () => {
      const path = pathFor(chunked ? 'chunked' : 'cold');
      upstream.fault(fault);
      const failed = await get(path);
      upstream.fault(null);
      if (gives === 'broken') expect(isWhole(failed), describeAnswer(failed)).toBe(false);
      else expect(failed?.status, describeAnswer(failed)).toBe(gives);

      const asked = upstream.count(path);
      // A tier above may still be waiting for the answer that will not come.
      const healed = await eventually('the right answer', async () => {
        const answer = await get(path);
        return isWhole(answer) && answer;
      });
      expect(healed.body.toString()).toBe(bodyAt(path));
      expect(upstream.count(path), 'what had failed was served from store').toBeGreaterThan(asked);
    });
  }

  test('a slow drip: every byte, however long it takes', async () => {
    const path = pathFor('drip');
    upstream.fault({ as: 'slow', bytesPerSecond: 200_000 });
    const answer = await get(path);
    upstream.fault(null);
    expect(answer?.body.toString()).toBe(bodyAt(path));
  });

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

describe('an object that is stored, but stale, and upstream gives', () => {
  for (const { what, fault } of cases.filter(({ gives }) => gives !== 'broken')) {
    test(`${what}: what is stored, and it says so`, async () => {
      const path = pathFor('stale');
      expect((await get(path))?.status).toBe(200);
      upstream.fault(fault);
      const answer = await get(path);
      upstream.fault(null);
      expect(answer?.status).toBe(200);
      expect(answer?.body.toString()).toBe(bodyAt(path));
      expect(answer?.headers.get('cache-status')).toContain('stale-if-error');
    });
  }

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

function get(path: string): Promise<RawAnswer | null> {
  return getRaw(network.url('pop') + path, {}, { lingerMs: 0 });
}

/** Whether a client would take it for a complete, successful answer. */
function isWhole(answer: RawAnswer | null): boolean {
  return answer !== null && answer.status === 200 && answer.whole;
}

function describeAnswer(answer: RawAnswer | null): string {
  if (answer === null) return 'the connection ended without an answer';
  return `${answer.start}, ${answer.body.length} bytes, ${answer.whole ? 'whole' : 'broken off'}: ${answer.body.subarray(0, 300)}`;
}
