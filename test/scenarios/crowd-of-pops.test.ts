/**
 * Ten thousand clients ask two PoPs of two machines with two workers each for the same cold object, all at once: one request
 * reaches the upstream, every byte is right, and no process holds more than a bounded part of what is under way.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { countsMemory, eventually, noiseBytes, startUpstream, type Upstream } from '../support/index.ts';
import { available } from '../support/needs.ts';
import { members, type Pops, shields, startPops } from '../support/pops.ts';
import { memoryOf, resetPeakOf } from '../support/process.ts';
import { childrenOf } from '../support/process-tree.ts';
import { startCrowd } from './start-crowd.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const problem = Bun.which('nats-server') ? null : 'nats-server is not installed';
/**
 * What each process of a node may grow by at most: so much, and what the system has not taken yet of the answers that it
 * gives, which may be all of a PoP's, and twice where those who asked took it for dead and came back.
 */
const growthLimitBytes = 256 * MIB;
const unsentBytes = 2 * 64 * KIB;

let upstream: Upstream;
let pops: Pops;
/** What the upstream holds its answers back for. */
let held: Promise<void> = Promise.resolve();
const bodies = new Map<string, Uint8Array>();

beforeAll(async () => {
  if (problem !== null) return;
  upstream = await startUpstream(async ({ path }) => {
    await held;
    return { headers: { 'cache-control': 'max-age=600' }, body: bodies.get(path) ?? 'warm' };
  });
  pops = await startPops({ upstreamPort: upstream.port });
  // Code that a first request loads is there.
  for (const member of members) await (await fetch(`${pops.network.url(member)}/warm`)).text();
}, 60_000);

afterAll(async () => {
  await pops?.[Symbol.asyncDispose]();
  await upstream?.off();
}, 60_000);

test.skipIf(!available('NATS', problem)).each([
  { clients: 10_000, bytes: 64 * KIB },
  { clients: 200, bytes: 16 * MIB },
])(
  '$clients clients that want the same cold $bytes bytes are one request at the upstream',
  async ({ clients, bytes }) => {
    const path = `/cold/${bytes}`;
    const body = noiseBytes(bytes, bytes);
    bodies.set(path, body);
    const all = members.flatMap((name) =>
      childrenOf(pops.network.node(name).process.pid).map((pid) => ({ name, pid })),
    );
    for (const { pid } of all) if (countsMemory) resetPeakOf(pid);
    const before = new Map(all.map(({ pid }) => [pid, rss(pid).rssBytes]));
    const release = Promise.withResolvers<void>();
    held = release.promise;

    const seen = await pops.network.during(async () => {
      const urls = members.map((name) => pops.network.url(name) + path);
      const crowd = startCrowd(urls, clients, body, pops.network.dir);
      await crowd.sent;
      await eventually('the upstream to be asked', () => upstream.count(path) > 0);
      release.resolve();
      return crowd.report;
    });

    const asked = (names: readonly string[]) => names.map((name) => seen.asked(name).length);
    const peaks = all.map(({ name, pid }) => ({
      name,
      peak: rss(pid).peakBytes,
      grown: rss(pid).peakBytes - (before.get(pid) ?? 0),
    }));
    const mib = (count: number) => Math.round(count / MIB);
    const { result: report } = seen;
    console.info(
      `${clients} clients, ${bytes / KIB} KiB: ${upstream.count(path)} at the upstream,`,
      `${asked(['origin'])} at the origin, ${asked(shields)} at the shields, ${asked(members)} at the members;`,
      `first byte ${Math.round(report.firstByteMs.median)} ms, all done ${Math.round(report.doneMs)} ms;`,
      `peak of each process: ${peaks.map(({ name, peak, grown }) => `${name} ${mib(peak)} (+${mib(grown)})`).join(', ')} MiB`,
    );
    expect(report.wrong).toEqual({});
    expect(report.right).toBe(clients);
    expect(upstream.count(path)).toBe(1);
    for (const { name, grown } of peaks)
      expect(grown, `${name} grew by ${mib(grown)} MiB`).toBeLessThan(
        growthLimitBytes + (clients / 2) * unsentBytes,
      );
  },
  90_000,
);

function rss(pid: number) {
  return countsMemory ? memoryOf(pid) : { rssBytes: 0, peakBytes: 0 };
}
