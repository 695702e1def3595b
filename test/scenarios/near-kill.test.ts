/**
 * Workers that keep copies of what the others own, some of which are killed while requests are handed over and copies asked for, and
 * while what they have copied is purged: no wrong byte, nothing of before a purge, and copies again once the worker is back.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { controlClient } from '../../src/control/client.ts';
import { readNodeFile } from '../../src/control/node-file.ts';
import { request } from '../../src/http/client.ts';
import { web } from '../../src/index.ts';
import {
  eventually,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';

const workers = 3;
const clients = 12;
const kills = 4;
const timeouts = { firstByteMs: 20_000, betweenBytesMs: 20_000 };
/** Half of them expire after a second, so that copies are asked for all the time; some are long. */
const paths = Array.from({ length: 40 }, (_, at) => `/${at % 2 === 0 ? 'short' : 'kept'}/${at}`);

let upstream: Upstream;
let network: TestNetwork;
let edition = 1;

/** Of 100 bytes, or of 300 kB. */
function bodyOf(path: string, of: number): string {
  const text = `edition ${of} of ${path} `;
  return text.repeat(path.endsWith('7') || path.endsWith('8') ? 300_000 / text.length : 5);
}

beforeAll(async () => {
  upstream = await startUpstream(({ path }) => ({
    headers: { 'cache-control': `max-age=${path.startsWith('/short') ? 1 : 600}`, 'cache-tag': 'all' },
    body: bodyOf(path, edition),
  }));
  network = await startNetwork({
    nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'], workers } },
    routes: [web({ upstream: upstream.url })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.[Symbol.asyncDispose]();
}, 30_000);

/** Of each worker that serves, by its process. */
async function copied(): Promise<ReadonlyMap<number, number>> {
  const { workers: all = [] } = await network.node('pop').status();
  return new Map(
    all.flatMap(({ pid, ring }) => {
      const count = (ring as { copied: number } | undefined)?.copied;
      return typeof pid === 'number' && count !== undefined ? [[pid, count] as const] : [];
    }),
  );
}

/** Clients that ask one after the other, and send nothing twice. */
function load(promised: () => number) {
  let isOver = false;
  let sent = 0;
  const seen = { answered: 0, cut: [] as string[], wrong: [] as string[] };
  async function client(): Promise<void> {
    while (!isOver) {
      const path = paths[sent++ % paths.length]!;
      const least = promised();
      const { signal } = new AbortController();
      // A new connection now and then: it may be the one of a worker that has just come back.
      const headers = new Headers(sent % 10 === 0 ? { connection: 'close' } : {});
      const options = { method: 'GET', headers, timeouts, clock: systemClock };
      try {
        const { status, body } = await request(network.url('pop') + path, { ...options, signal });
        const text = await new Response(body).text();
        const of = Number(/^edition (\d+) /.exec(text)?.[1]);
        if (status !== 200 || !(of >= least) || text !== bodyOf(path, of))
          seen.wrong.push(`${path}: ${status}, ${text.slice(0, 80)}, after edition ${least}`);
      } catch (error) {
        seen.cut.push(`${path}: ${error}`);
      }
      seen.answered++;
    }
  }
  const all = Promise.all(Array.from({ length: clients }, client));
  return {
    seen,
    async stop() {
      isOver = true;
      await all;
    },
  };
}

test('a worker that is killed while copies are asked for takes with it its own connections alone', async () => {
  /** What no answer may be older than: purged by a purge that has been confirmed. */
  let promised = 1;
  const running = load(() => promised);
  const file = await readNodeFile(join(network.dir, 'data', 'pop'));
  const client = controlClient(file!.control, network.secret, systemClock);
  const allCopy = async () => {
    const counts = [...(await copied()).values()];
    return counts.length === workers && counts.every((count) => count > 0);
  };
  const soon = { withinMs: 40_000 };
  for (let round = 0; round < kills; round++) {
    await eventually('copies at each worker', allCopy, soon);
    const [victim] = [...(await copied()).keys()].slice(round % workers);
    process.kill(victim!, 'SIGKILL');
    // At those that are left, and at the one that comes back meanwhile.
    edition++;
    const purged = async () => {
      const done = await client.purge({ targets: [{ by: 'tag', tag: 'all' }], waitMs: 3_000 });
      const nodes = 'applied' in done ? Object.entries(done.applied?.nodes ?? {}) : [];
      const [origin] = nodes.filter(([name]) => name === 'origin');
      const pops = nodes.filter(([name, ms]) => name.startsWith('pop.') && ms !== null);
      return origin?.[1] !== null && pops.length >= workers - 1;
    };
    await eventually('the purge to be confirmed by all that live', purged, soon);
    promised = edition;
    await eventually(
      'another worker in its place',
      async () => {
        const now = await copied();
        return now.size === workers && !now.has(victim!);
      },
      soon,
    );
  }
  await eventually('copies at each worker', allCopy, soon);
  await running.stop();
  const { answered, cut, wrong } = running.seen;
  console.info(`${kills} workers killed: ${answered} requests, ${cut.length} cut off`);
  expect(wrong).toEqual([]);
  // Each client has one request under way at most when a worker dies.
  expect(cut.length).toBeLessThanOrEqual(kills * clients);
  expect(answered).toBeGreaterThan(kills * 200);
}, 240_000);
