/**
 * Chaos: nodes are cut off from the bus and come back, are restarted, go by clocks that are minutes apart, lose the log of
 * the bus; meanwhile pages change and are purged, and readers check every answer:
 *
 *     while it lasts     nothing that was purged longer ago than the bound is served
 *     after it           nothing that was purged at all
 *
 * `MERIDIAN_CHAOS_SECONDS` makes it last longer, `MERIDIAN_CHAOS_SEED` repeats a run (as far as real time lets it).
 */
import { expect, test } from 'bun:test';
import { openBus } from '../../src/bus/open.ts';
import type { Bus, Position } from '../../src/bus.ts';
import { systemClock } from '../../src/clock.ts';
import { web } from '../../src/index.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type FaultyProxy, startProxy } from '../faults/proxy.ts';
import { type CutBus, hub } from '../support/bus.ts';
import { type Daemon, startNats, startRedis } from '../support/daemon.ts';
import { eventually, startUpstream } from '../support/index.ts';
import { type InsideNetwork, startInside } from '../support/inside.ts';
import { available } from '../support/needs.ts';

const seconds = Number(process.env['MERIDIAN_CHAOS_SECONDS'] ?? 8);
const seed = Number(process.env['MERIDIAN_CHAOS_SEED'] ?? Date.now() % 1_000_000);
const trustS = 1;
/** The time of trust, a quarter of it until that is noticed, and what a busy machine takes for a request. */
const boundMs = trustS * 1250 + 1_500;
const pages = 60;
const pops = ['pop-a', 'pop-b', 'pop-c'];
const names = ['origin', 'shield', ...pops];

const problem = (program: string) => (Bun.which(program) ? null : `${program} is not installed`);
const isHere: Readonly<Record<string, boolean>> = {
  Redis: available('Redis', problem('redis-server')),
  NATS: available('NATS', problem('nats-server')),
};

/** Stands between the nodes and their bus. */
interface Meddler extends AsyncDisposable {
  open(name: string): Bus | Promise<Bus>;
  cut(name: string, quietly: boolean): void | Promise<void>;
  heal(name: string): void | Promise<void>;
  /** The log is lost, or cut short. */
  lose(): void | Promise<void>;
}

const meddlers: Readonly<Record<string, () => Promise<Meddler>>> = {
  'a bus in this process': async () => {
    const inside = hub();
    const clients = new Map<string, CutBus>();
    return {
      open(name) {
        const bus = inside.join(name);
        clients.set(name, bus);
        return bus;
      },
      cut: (name, quietly) => clients.get(name)?.cut(quietly),
      heal: (name) => clients.get(name)?.heal(),
      lose: () => inside.lose(),
      [Symbol.asyncDispose]: async () => {},
    };
  },
  'Redis, through bad lines': async () =>
    throughProxies(await startRedis(), (port, publisher) =>
      openBus({ driver: 'redis', url: `redis://127.0.0.1:${port}`, ...shared }, dependencies(publisher)),
    ),
  'NATS, through bad lines': async () =>
    throughProxies(await startNats(), (port, publisher) =>
      openBus(
        { driver: 'nats', servers: [`nats://127.0.0.1:${port}`], replicas: 1, ...shared },
        dependencies(publisher),
      ),
    ),
};

const shared = { prefix: 'chaos', keep: { events: 100_000, ageMs: 3_600_000 }, publishMs: 1_000 } as const;
const dependencies = (publisher: string) => ({ clock: systemClock, log: silentLog, publisher });

/** A line of its own for each node, which can be cut, or go dead without a word. */
async function throughProxies(
  daemon: Daemon,
  connect: (port: number, publisher: string) => Promise<Bus>,
): Promise<Meddler> {
  const lines = new Map<string, FaultyProxy>();
  for (const name of names) lines.set(name, await startProxy({ port: daemon.port }));
  return {
    open: (name) => connect(lines.get(name)?.port ?? 0, name),
    cut: (name, quietly) =>
      quietly ? lines.get(name)?.weather({ blackhole: true }) : lines.get(name)?.off(),
    async heal(name) {
      await lines.get(name)?.off();
      lines.get(name)?.weather({});
      await lines.get(name)?.on();
    },
    // Redis keeps nothing on disk here, and NATS everything.
    async lose() {
      await daemon.kill();
      await daemon.start();
    },
    async [Symbol.asyncDispose]() {
      for (const line of lines.values()) await line.off();
      await daemon[Symbol.asyncDispose]();
    },
  };
}

for (const [what, meddle] of Object.entries(meddlers)) {
  test.skipIf(isHere[what.split(',')[0] ?? ''] === false)(
    `over ${what}, nothing is served for long after it was purged, whatever happens (seed ${seed})`,
    async () => {
      const random = randomOf(seed);
      await using meddler = await meddle();
      const truth = openTruth();
      await using upstream = await startUpstream(({ path }) => ({
        headers: { 'cache-control': 'max-age=3600, must-revalidate', etag: `"${truth.edition(path)}"` },
        body: String(truth.edition(path)),
      }));
      await using network = await startInside(
        {
          nodes: {
            origin: { role: 'origin' },
            shield: { role: 'shield', parents: ['origin'], disk: false },
            'pop-a': { role: 'pop', parents: ['shield'] },
            'pop-b': { role: 'pop', parents: ['shield'], disk: false },
            'pop-c': { role: 'pop', parents: ['origin'] },
          },
          routes: [web({ name: 'pages', upstream: upstream.url })],
          purge: { trustS },
        },
        {
          bus: (name) => meddler.open(name),
          clock: (name) => skewed((names.indexOf(name) - 2) * 55_000),
        },
      );
      const endMs = performance.now() + seconds * 1000;
      const world: World = {
        network,
        meddler,
        truth,
        random,
        down: new Set(),
        isOver: () => performance.now() > endMs,
      };
      const readers = Array.from({ length: 6 }, () => read(world));
      await Promise.all([...readers, publish(world), publish(world), partition(world), restart(world)]);

      for (const name of names) await meddler.heal(name);
      await settled(world);
      for (const pop of pops) {
        for (let page = 0; page < pages; page++) {
          const path = `/${page}`;
          const edition = (await editionAt(network, pop, path)) ?? -1;
          if (edition < truth.purgedLast(path))
            truth.wrong.push(`${pop} ends with edition ${edition} of ${path}`);
        }
      }
      expect(truth.wrong).toEqual([]);
      // Otherwise it has shown nothing.
      expect(truth.reads).toBeGreaterThan(seconds * 20);
      expect(truth.purges).toBeGreaterThan(seconds / 2);
      expect(world.network.lines.join('')).toContain('cut off from the bus');
    },
    seconds * 1000 + 60_000,
  );
}

interface World {
  readonly network: InsideNetwork;
  readonly meddler: Meddler;
  readonly truth: Truth;
  readonly random: Random;
  /** Nodes that are being restarted. */
  readonly down: Set<string>;
  isOver(): boolean;
}

interface Random {
  below(limit: number): number;
  of<T>(list: readonly T[]): T;
  chance(share: number): boolean;
}

/** What is right: which edition a page has, and which it had when it was purged. */
function openTruth() {
  const editions = new Map<string, number>();
  const purged = new Map<string, { readonly edition: number; readonly atMs: number }[]>();
  const self = {
    reads: 0,
    purges: 0,
    wrong: [] as string[],
    edition: (path: string) => editions.get(path) ?? 0,
    change: (path: string) => void editions.set(path, self.edition(path) + 1),
    /** A purge is on the bus that was asked for when the page had this edition. */
    purged(path: string, edition: number) {
      self.purges++;
      const known = purged.get(path) ?? [];
      known.push({ edition, atMs: performance.now() });
      purged.set(path, known.slice(-200));
    },
    purgedLast: (path: string) => Math.max(0, ...(purged.get(path) ?? []).map((each) => each.edition)),
    check(path: string, edition: number, askedMs: number, by: string) {
      self.reads++;
      const due = (purged.get(path) ?? []).filter(({ atMs }) => atMs < askedMs - boundMs);
      const least = Math.max(0, ...due.map((each) => each.edition));
      if (edition < least)
        self.wrong.push(`${by} has edition ${edition} of ${path}, and ${least} was purged`);
    },
  };
  return self;
}
type Truth = ReturnType<typeof openTruth>;

async function read({ network, truth, random, isOver }: World): Promise<void> {
  while (!isOver()) {
    const pop = random.of(pops);
    const path = `/${random.below(pages)}`;
    const askedMs = performance.now();
    const edition = await editionAt(network, pop, path);
    // One that does not run, or cannot get anything certain, serves nothing wrong.
    if (edition !== null) truth.check(path, edition, askedMs, pop);
    await Bun.sleep(random.below(12));
  }
}

async function publish({ network, truth, random, down, isOver }: World): Promise<void> {
  while (!isOver()) {
    await Bun.sleep(random.below(150));
    const path = `/${random.below(pages)}`;
    const by = random.of(names);
    truth.change(path);
    const edition = truth.edition(path);
    if (down.has(by)) continue;
    const target = random.chance(0.98)
      ? ({ by: 'key', key: `pages ${path}` } as const)
      : random.of([
          { by: 'all' },
          { by: 'route', route: 'pages' },
          { by: 'glob', glob: 'pages /*' },
        ] as const);
    const done = await network.node(by).purge({ targets: [target], soft: random.chance(0.5) });
    // One that did not reach the bus promises nothing.
    if (!('reasons' in done)) truth.purged(path, edition);
  }
}

async function partition({ meddler, random, isOver }: World): Promise<void> {
  while (!isOver()) {
    const cut = names.filter(() => random.chance(0.4));
    for (const name of cut) await meddler.cut(name, random.chance(0.5));
    await Bun.sleep(random.below(3500));
    if (random.chance(0.15)) await meddler.lose();
    for (const name of cut) if (random.chance(0.8)) await meddler.heal(name);
    await Bun.sleep(random.below(500));
  }
}

async function restart({ network, random, down, isOver }: World): Promise<void> {
  while (!isOver()) {
    await Bun.sleep(1000 + random.below(3000));
    const name = random.of(names);
    down.add(name);
    await network.stop(name);
    await Bun.sleep(random.below(500));
    await network.start(name);
    down.delete(name);
  }
}

/** Every node has heard of everything. */
async function settled({ network }: World): Promise<void> {
  const last = await eventually('the bus to be there', async (): Promise<Position | null> => {
    const done = await network
      .node('origin')
      .purge({ targets: [{ by: 'key', key: 'pages /none' }], soft: false });
    return 'position' in done ? done.position : null;
  });
  const hasCome = ({ log, sequence }: Position) => log === last.log && sequence >= last.sequence;
  await eventually('every node to have caught up', () =>
    names.every((name) => {
      const { state, position } = network.node(name).status().purging;
      return state === 'current' && position !== null && hasCome(position);
    }),
  );
}

async function editionAt(network: InsideNetwork, pop: string, path: string): Promise<number | null> {
  try {
    const answer = await fetch(network.url(pop) + path, { signal: AbortSignal.timeout(10_000) });
    const text = await answer.text();
    return answer.status === 200 ? Number(text) : null;
  } catch {
    return null; // It does not run.
  }
}

function skewed(byMs: number) {
  return { ...systemClock, now: () => systemClock.now() + byMs };
}

/** Mulberry32. */
function randomOf(start: number): Random {
  let state = start;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => Math.floor(next() * limit),
    of: (list) => list[Math.floor(next() * list.length)] as (typeof list)[number],
    chance: (share) => next() < share,
  };
}
