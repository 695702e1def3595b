/** What a Hub gives that is wrong, cut off or too long: nobody gets it whole, and it is kept nowhere. And large files that are wanted in part. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { huggingface } from '../../src/index.ts';
import { type Hub, sha256Of, startHub } from '../support/hub.ts';
import { startNetwork, type TestNetwork } from '../support/index.ts';
import type { Fault } from '../support/upstream.ts';

const commit = 'a'.repeat(40);
const weights = new Uint8Array(1_500_000).map((_, at) => (at * 7) % 251);
const long = new Uint8Array(40_000_000).map((_, at) => (at * 13) % 241);
let hub: Hub;
let network: TestNetwork;

beforeAll(async () => {
  hub = await startHub();
  const small = {
    'config.json': Buffer.from('{"model_type":"tiny"}'),
    'other.json': Buffer.from('{"other":1}'),
  };
  const files = { ...small, 'one.bin': weights, 'two.bin': weights.map((each) => each ^ 1) };
  hub.repos.set('models/acme/tiny', { commits: [{ id: commit, files }] });
  hub.repos.set('models/acme/long', { commits: [{ id: commit, files: { 'long.bin': long } }] });
  const many = Object.fromEntries(
    Array.from({ length: 2_000 }, (_, at) => [`file-${at}.json`, small['config.json']]),
  );
  hub.repos.set('models/acme/many', { commits: [{ id: commit, files: many }] });
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      near: { role: 'pop', parents: ['shield'] },
    },
    routes: [huggingface({ upstreams: [{ url: hub.url }], maxIndexBytes: '32 KiB' })],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await hub?.off();
});

/** Status 0: it broke off. */
async function get(path: string, headers: Record<string, string> = {}) {
  try {
    const response = await fetch(`${network.url('near')}/hf/${path}`, { headers });
    return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
  } catch {
    return { status: 0, bytes: new Uint8Array() };
  }
}

describe('a file that is not what its commit says', () => {
  const faults: readonly (readonly [string, string, 'api' | 'cdn', Fault])[] = [
    ['a small one with other bytes', 'config.json', 'api', { as: 'corrupt' }],
    ['a small one that breaks off', 'other.json', 'api', { as: 'cut', afterBytes: 5 }],
    ['a large one that breaks off', 'two.bin', 'cdn', { as: 'cut', afterBytes: 1_000_000 }],
  ];
  for (const [what, file, side, fault] of faults)
    test(what, async () => {
      const path = `acme/tiny/resolve/${commit}/${file}`;
      const right = hub.repos.get('models/acme/tiny')?.commits[0]?.files[file] ?? new Uint8Array();
      hub[side].fault(fault, ({ method, path: asked }) => method === 'GET' && !asked.startsWith('/api/'));
      const wrong = await get(path);
      expect([wrong.status === 200, wrong.bytes.length === right.length]).toEqual([false, false]);
      hub[side].fault(null);
      const targets = [{ by: 'tag', tag: 'huggingface' }];
      await network.node('origin').api('POST', '/purges', { targets, soft: false });
      const again = await get(path);
      expect([again.status, sha256Of(again.bytes)]).toEqual([200, sha256Of(right)]);
    });

  test('a large one with other bytes, which nobody is given, nor asked for again by a crowd', async () => {
    hub.cdn.fault({ as: 'corrupt' });
    hub.forget();
    const path = `acme/tiny/resolve/${commit}/one.bin`;
    for (let times = 0; times < 3; times++) expect((await get(path)).status).not.toBe(200);
    expect(hub.cdn.count()).toBe(1);
    hub.cdn.fault(null);
  });
});

describe('what is said of a repository', () => {
  const answers: readonly (readonly [string, Fault])[] = [
    ['is no HTTP', { as: 'garbage' }],
    ['is no JSON', says('<html>')],
    ['names no commit', says('{"id":"acme/tiny","sha":"../../x"}')],
    ['is a number', says('7')],
    ['breaks off', { as: 'cut', afterBytes: 20 }],
  ];
  for (const [what, fault] of answers)
    test(what, async () => {
      hub.api.fault(fault, ({ path }) => path.startsWith('/api/'));
      expect((await get('acme/tiny/resolve/HEAD/config.json')).status).toBeGreaterThanOrEqual(500);
      hub.api.fault(null);
    });

  test('is longer than it may be', async () => {
    expect((await get('api/models/acme/many')).status).toBeGreaterThanOrEqual(500);
  });
});

function says(body: string): Fault {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  const fault = { as: 'says', bytes: head + body } as const;
  return Object.assign(fault, { ['then' as const]: 'close' as const });
}

test('a part of a large file does not wait for all that lies before it', async () => {
  const path = `acme/long/resolve/${commit}/long.bin`;
  hub.cdn.fault({ as: 'slow', bytesPerSecond: 8_000_000 }, ({ headers }) => !headers.has('range'));
  let isWhole = false;
  const whole = get(path).finally(() => {
    isWhole = true;
  });
  const part = await get(path, { range: 'bytes=39000000-39000099' });
  expect([part.status, part.bytes, isWhole]).toEqual([206, long.slice(39_000_000, 39_000_100), false]);
  hub.cdn.fault(null);
  const all = await whole;
  expect([all.status, sha256Of(all.bytes)]).toEqual([200, sha256Of(long)]);
}, 30_000);
