/**
 * A thousand clients ask a PoP for the same cold 50 MB at once, and the upstream is slow. One fill per tier feeds
 * them all, from its first byte on, and no tier holds the body in memory.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { npm } from '../../src/index.ts';
import {
  countsMemory,
  noiseBytes,
  type Published,
  type Registry,
  startNetwork,
  startRegistry,
  type TestNetwork,
  tally,
} from '../support/index.ts';
import type { CrowdReport } from './crowd.ts';
import { startCrowd } from './start-crowd.ts';

const clients = 1_000;
const bodyBytes = 50_000_000;
const upstreamBytesPerSecond = 22_000_000;
/** What the upstream needs at least, at that rate. */
const fillMs = (bodyBytes / upstreamBytesPerSecond) * 1000;
const growthLimitBytes = 100 * 1024 * 1024;

const tiers = ['origin', 'shield', 'pop'] as const;
let registry: Registry;
let network: TestNetwork;
let huge: Published;

beforeAll(async () => {
  registry = await startRegistry();
  huge = registry.publish('huge', '1.0.0', { bytes: noiseBytes(50, bodyBytes) });
  registry.fault({ as: 'slow', bytesPerSecond: upstreamBytesPerSecond }, ({ path }) => path.endsWith('.tgz'));
  network = await startNetwork({
    nodes: {
      origin: { role: 'origin' },
      shield: { role: 'shield', parents: ['origin'] },
      // Nothing is to have come before the crowd.
      pop: { role: 'pop', parents: ['shield'], predict: false },
    },
    routes: [npm({ upstreams: [{ url: registry.url }] })],
  });
}, 30_000);

afterAll(async () => {
  await network?.stop();
  await registry?.off();
}, 30_000);

test(`${clients} clients, one upstream request, every byte right, from the first byte on`, async () => {
  await warmUp();
  const before = new Map(tiers.map((name) => [name, measure(name)]));

  const seen = await network.during(() => sendCrowd(network.url('pop') + huge.path));
  const { result: report } = seen;

  expect(report.wrong).toEqual({});
  expect(report.right).toBe(clients);
  expect(registry.count(huge.path)).toBe(1);
  expect(seen.asked('origin').filter(({ kind }) => kind === 'tarball')).toHaveLength(1);
  expect(seen.asked('shield').filter(({ kind }) => kind === 'tarball')).toHaveLength(1);
  // Long before the end of the fill, which takes at least as long as the upstream sends.
  expect(report.firstByteMs.median).toBeLessThan(fillMs / 2);

  const growth = tiers.map((name) => [name, measure(name) - (before.get(name) ?? 0)] as const);
  const mib = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MiB`;
  console.log(
    `first byte: median ${Math.round(report.firstByteMs.median)} ms, last ${Math.round(report.firstByteMs.last)} ms;`,
    `fill at least ${Math.round(fillMs)} ms; all done ${Math.round(report.doneMs)} ms;`,
    `growth: ${growth.map(([name, bytes]) => `${name} ${mib(bytes)}`).join(', ')};`,
    `at the PoP: ${JSON.stringify(tally(seen.asked('pop'), 'outcome'))}`,
  );
  if (!countsMemory) return;
  for (const [name, bytes] of growth) {
    expect(bytes, `${name} grew by ${mib(bytes)}`).toBeLessThan(growthLimitBytes);
  }
}, 330_000);

/** Metadata, and the code that a first request loads, are there; the tarball is not. */
async function warmUp(): Promise<void> {
  registry.publish('tiny', '1.0.0');
  for (const path of ['/tiny/-/tiny-1.0.0.tgz', '/huge']) {
    expect((await fetch(network.url('pop') + path)).status).toBe(200);
  }
  for (const name of tiers) if (countsMemory) network.node(name).process.resetPeak();
}

/** Peak of the node's resident memory, bytes. */
function measure(name: string): number {
  return countsMemory ? network.node(name).process.memory().peakBytes : 0;
}

async function sendCrowd(url: string): Promise<CrowdReport> {
  return startCrowd([url], clients, huge.bytes, network.dir).report;
}
