/**
 * Two hundred clients ask for one cold file of 64 MiB at the same moment, through two PoPs and a shield: the upstream is asked once, everybody gets every byte,
 * and no node holds more than a few pieces of it. The same when the file is put here.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { fileTree } from '../../src/index.ts';
import { bearer, tokenFor } from '../support/access.ts';
import {
  countsMemory,
  noiseBytes,
  startNetwork,
  startUpstream,
  type TestNetwork,
  type Upstream,
} from '../support/index.ts';
import { memoryOf, resetPeakOf } from '../support/process.ts';
import { childrenOf } from '../support/process-tree.ts';

const MIB = 2 ** 20;
const clients = 200;
const file = noiseBytes(64, 64 * MIB);
const tiers = ['origin', 'shield', 'one', 'other'] as const;
/** Of all processes of a node, in bytes: a hundred clients of a PoP would have 6.4 GiB. */
const growthLimit = 200 * MIB;

let upstream: Upstream;
let network: TestNetwork;

beforeAll(async () => {
  upstream = await startUpstream(({ path }) =>
    path === '/v1/SHA256SUMS' ? { body: `${hexOf(file)}  disk.iso\n` } : { body: file },
  );
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin', store: {} },
      shield: { role: 'shield', parents: ['origin'] },
      one: { role: 'pop', parents: ['shield'] },
      other: { role: 'pop', parents: ['shield'] },
    },
    routes: [
      fileTree({
        ...{ upstreams: [{ url: upstream.url }], sums: ['SHA256SUMS'], immutable: ['v*'] },
        hosted: { names: ['ours/*'], public: ['*'] },
      }),
    ],
  });
}, 60_000);

afterAll(async () => {
  await network?.stop();
  await upstream?.off();
}, 30_000);

const hexOf = (bytes: Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex');

const processesOf = (name: string) => {
  const { pid } = network.node(name).process;
  return [pid, ...childrenOf(pid)];
};
const peakOf = (name: string) =>
  countsMemory ? processesOf(name).reduce((sum, pid) => sum + memoryOf(pid).peakBytes, 0) : 0;

/** @returns how many bytes came; of a few clients, what they are. */
async function pulled(path: string, nth: number): Promise<string | number> {
  const answer = await fetch(network.url(nth % 2 === 0 ? 'one' : 'other') + path, { keepalive: false });
  if (answer.status !== 200 || answer.body === null) return answer.status;
  const hasher = nth % 25 === 0 ? new Bun.CryptoHasher('sha256') : null;
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    hasher?.update(chunk);
  }
  return hasher === null ? bytes : hasher.digest('hex');
}

async function crowd(path: string, size: number): Promise<void> {
  if (countsMemory) for (const pid of tiers.flatMap(processesOf)) resetPeakOf(pid);
  const before = new Map(tiers.map((name) => [name, peakOf(name)]));
  const { result, asked } = await network.during(() =>
    Promise.all(Array.from({ length: size }, (_, nth) => pulled(path, nth))),
  );
  expect(new Set(result)).toEqual(new Set([hexOf(file), file.byteLength]));
  expect(
    ['shield', 'origin'].map((name) => asked(name).filter(({ target }) => target === path).length),
  ).toEqual([2, 1]);
  const grown = tiers.map(
    (name) => [name, Math.round((peakOf(name) - (before.get(name) ?? 0)) / MIB)] as const,
  );
  expect(grown.filter(([, mib]) => mib * MIB > growthLimit)).toEqual([]);
}

test('of an upstream: it is asked once', async () => {
  await crowd('/files/v1/disk.iso', clients);
  expect([upstream.count('/v1/disk.iso'), upstream.count('/v1/SHA256SUMS')]).toEqual([1, 1]);
}, 120_000);

test('put here: the origin is asked once', async () => {
  const all = { actions: ['publish'], routes: ['files'], subjects: ['*'] } as const;
  const { token } = await tokenFor(network.node('origin'), 'ci', [all]);
  const put = await fetch(`${network.url('one')}/files/ours/disk.iso`, {
    ...{ method: 'PUT', body: file, headers: bearer(token) },
  });
  expect(put.status).toBe(201);
  await crowd('/files/ours/disk.iso', clients / 4);
}, 120_000);
