/**
 * What workers of one node hand to each other: what is in no cache, long bodies, errors; each request answered, counted and logged
 * once, over one connection for all of them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { systemClock } from '../../src/clock.ts';
import { parseCacheStatus } from '../../src/http/cache-status.ts';
import { request } from '../../src/http/client.ts';
import { web } from '../../src/index.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const MIB = 1024 * 1024;
let upstream: Upstream;
let network: TestNetwork;
/** What the upstream holds an answer back for. */
let held: Promise<void> = Promise.resolve();
let isFailing = false;

/** `/<anything>/<bytes>`, different for each path. */
function bodyOf(path: string): string {
  const size = Number(path.split('/').at(-1));
  return `${path} `.repeat(Math.ceil(size / (path.length + 1))).slice(0, size);
}

beforeAll(async () => {
  upstream = await startUpstream(async ({ path }) => {
    if (path.startsWith('/held')) await held;
    if (isFailing || path.startsWith('/failing')) return { status: 503, body: 'not now' };
    const lives = path.startsWith('/brief') ? 'max-age=1, stale-if-error=600' : 'max-age=600';
    return { headers: { 'cache-control': lives, etag: '"1"' }, body: bodyOf(path) };
  });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      pop: { role: 'pop', parents: ['origin'], workers: 2, memory: { objectBytes: 8 * MIB } },
    },
    routes: [web({ upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

/** Each time over a connection of its own, which the system gives to one of the workers. */
async function ask(path: string, init: RequestInit = {}) {
  return fetch(network.url('pop') + path, { ...init, keepalive: false });
}

const lastMember = ({ headers }: Response) => parseCacheStatus(headers.get('cache-status') ?? '').at(-1);
const isHandedOver = (response: Response) => lastMember(response)?.detail?.startsWith('owner:') ?? false;

/** Paths that begin alike, until one has been handed over. */
async function handedOver(beginning: string, size: number): Promise<{ path: string; response: Response }> {
  let at = 0;
  return eventually('a request to be handed over', async () => {
    const path = `${beginning}/${at++}/${size}`;
    const response = await ask(path);
    if (isHandedOver(response)) return { path, response };
    await response.text();
    return null;
  });
}

async function ring() {
  const { ring: counts, requests, hits, errors } = await network.node('pop').status();
  const { relayed, framed } = counts as { relayed: number; framed: number };
  return { relayed, framed, requests, hits, errors };
}

describe('a worker asks another', () => {
  test('for what is in no cache, in one question, and each is counted and logged once', async () => {
    // By then each has a connection to the other.
    for (let at = 0; at < 40; at++) await (await ask(`/first/${at}/10`)).text();
    const seen = await network.during(async () => {
      const before = await ring();
      for (let at = 0; at < 40; at++) {
        const path = `/miss/${at}/${1 + at * 5_000}`;
        const response = await ask(path);
        expect([response.status, await response.text()]).toEqual([200, bodyOf(path)]);
        expect(upstream.count(path)).toBe(1);
      }
      return { before, after: await ring() };
    });
    const { before, after } = seen.result;
    expect(after.relayed - before.relayed).toBeGreaterThan(0);
    expect(after.framed - before.framed).toBe(after.relayed - before.relayed);
    expect([after.requests - before.requests, after.hits - before.hits]).toEqual([40, 0]);
    expect(seen.asked('pop').filter(({ target }) => target.startsWith('/miss'))).toHaveLength(40);
    expect(seen.asked('origin')).toHaveLength(40);
  });

  test('and says as much of the way as over HTTP', async () => {
    const { response } = await handedOver('/said', 100);
    const members = parseCacheStatus(response.headers.get('cache-status') ?? '');
    expect(members.map(({ cache }) => cache)).toEqual(['origin', 'pop', 'pop']);
    expect(response.headers.get('server-timing')?.match(/pop;dur/g)).toHaveLength(2);
    expect(response.headers.get('content-length')).toBe('100');
    expect(await response.text()).toHaveLength(100);
  });

  test('for bodies of any length, fresh or not, which arrive as they are', async () => {
    for (const size of [0, 16_000, 70_000, 200_000, 300_000, 2 * MIB, 12 * MIB]) {
      const { path, response } = await handedOver('/long', size);
      const text = bodyOf(path);
      expect((await response.text()) === text).toBe(true);
      for (let again = 0; again < 4; again++) {
        const response = await ask(path);
        const length = response.headers.get('content-length');
        // Up to 256 KiB a body is sent whole, whoever keeps it.
        if (size <= 256 * 1024) expect(length).toBe(String(size));
        expect((await response.text()) === text).toBe(true);
      }
      expect(upstream.count(path)).toBe(1);
    }
  }, 30_000);

  test('for conditions and heads', async () => {
    const { path } = await handedOver('/head', 5_000);
    for (let at = 0; at < 6; at++) {
      const same = await ask(path, { headers: { 'if-none-match': '"1"' } });
      const head = await ask(path, { method: 'HEAD' });
      expect([same.status === 304 || same.headers.get('etag') !== '"1"', head.status]).toEqual([true, 200]);
      expect([head.headers.get('content-length'), await head.text()]).toEqual(['5000', '']);
      await same.text();
    }
    expect(upstream.count(path)).toBe(1);
  });

  test('and hears of errors, or gets what is stale instead', async () => {
    const { response } = await handedOver('/failing', 10);
    expect(response.status).toBe(503);
    expect(await response.text()).toBe('not now');
    const { path, response: brief } = await handedOver('/brief', 70_000);
    await brief.text();
    isFailing = true;
    try {
      const stale = await eventually('a stale answer of the other worker', async () => {
        const answered = await ask(path);
        const members = parseCacheStatus(answered.headers.get('cache-status') ?? '');
        expect((await answered.text()) === bodyOf(path)).toBe(true);
        return isHandedOver(answered) && members.some(({ detail }) => detail?.includes('stale-if-error'));
      });
      expect(stale).toBe(true);
    } finally {
      isFailing = false;
    }
  });
});

/** Resident memory of a process at its highest, in bytes. */
function peakOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;
}

describe('500 clients who want the same cold megabyte of both workers', () => {
  const clients = 500;
  const timeouts = { firstByteMs: 30_000, betweenBytesMs: 30_000 };

  test('get it from one request, and memory stays bounded', async () => {
    const release = Promise.withResolvers<void>();
    held = release.promise;
    const path = `/held/crowd/${MIB}`;
    const { workers = [] } = await network.node('pop').status();
    const pids = workers.map(({ pid }) => pid as number);
    const before = pids.map(peakOf);
    const asked = Array.from({ length: clients }, async () => {
      const headers = new Headers({ connection: 'close' });
      const { signal } = new AbortController();
      const about = { method: 'GET', headers, timeouts, clock: systemClock, signal, direct: true };
      const { status, body } = await request(network.url('pop') + path, about);
      return `${status} ${Bun.hash(await new Response(body).bytes())}`;
    });
    await eventually('the upstream to be asked', () => upstream.count(path) > 0);
    release.resolve();
    expect([...new Set(await Promise.all(asked))]).toEqual([`200 ${Bun.hash(bodyOf(path))}`]);
    expect(upstream.count(path)).toBe(1);
    const grown = pids.map((pid, at) => Math.round((peakOf(pid) - (before[at] ?? 0)) / MIB));
    console.info(`${clients} clients, 1 MiB: the workers grew by ${grown.join(' and ')} MiB`);
    // All of their bodies at once are 500 MiB, beside what the system holds for each.
    for (const mib of grown) expect(mib).toBeLessThan(500);
  }, 60_000);

  test('some of whom read nothing, hold up no one', async () => {
    const { path } = await handedOver('/slow', 2 * MIB);
    const url = new URL(network.url('pop'));
    const slow = Array.from({ length: 60 }, () => {
      const socket = connect(Number(url.port), url.hostname);
      socket.pause();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
      return socket;
    });
    try {
      for (let at = 0; at < 30; at++) {
        const response = await ask(path);
        expect((await response.text()) === bodyOf(path)).toBe(true);
      }
    } finally {
      for (const socket of slow) socket.destroy();
    }
    expect(upstream.count(path)).toBe(1);
  });
});
