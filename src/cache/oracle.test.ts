/**
 * The cache against an oracle that is small enough to be obviously right: one request after the other, and after each
 * the oracle says exactly which bytes come, whether the parent is asked, and what is stored from then on. In between
 * pages change, the parent goes away, clocks go forth and back, and the node restarts or is killed.
 *
 * What is at work when many requests come at once is in `model.test.ts`.
 */
import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type VirtualClock, virtualClock } from '../../test/support/clock.ts';
import { temporary } from '../../test/support/temporary.ts';
import { eventually } from '../../test/support/wait.ts';
import { MeridianError } from '../errors.ts';
import type { Ask } from '../parent.ts';
import type { CacheKey } from '../resource.ts';
import { answerOf } from './answers.contract.ts';
import { type World, world } from './world.contract.ts';

/** What the parent says of each key, always. Times in seconds. */
interface Page {
  readonly control: string;
  /** `null`: not to be stored. */
  readonly freshS: number | null;
  readonly whileS?: number;
  readonly errorS?: number;
  readonly varies?: true;
  /** Longer than what memory keeps. */
  readonly long?: true;
}

const pages: readonly Page[] = [
  { control: 'max-age=10', freshS: 10 },
  { control: 'max-age=10', freshS: 10, varies: true, long: true },
  { control: 'max-age=10, stale-while-revalidate=20', freshS: 10, whileS: 20 },
  { control: 'max-age=10, stale-if-error=40', freshS: 10, errorS: 40, varies: true },
  {
    control: 'max-age=10, stale-while-revalidate=20, stale-if-error=40',
    freshS: 10,
    whileS: 20,
    errorS: 40,
    long: true,
  },
  { control: 'max-age=10, must-revalidate, stale-if-error=40', freshS: 10, errorS: 0 },
  { control: 'max-age=0', freshS: 0 },
  { control: 'max-age=0, stale-if-error=40', freshS: 0, errorS: 40 },
  { control: 'no-store', freshS: null },
];
const variants = 2;
/** The tags of a page: one that half of them bear, and one that all bear. */
const tagsOf = (key: number): readonly string[] => [key % 2 === 0 ? 'even' : 'odd', 'page'];
const memoryObjectBytes = 3_000;
/** How long a parent that has failed is left alone for a key of which something stale may be served. */
const leftAloneMs = 5_000;

/** A page and, where it has variants, one of them. */
interface Name {
  readonly key: number;
  readonly variant: number;
}
const nameOf = ({ key, variant }: Name) => `${key}.${pages[key]?.varies ? variant : 0}`;

/** A stored response: which version, and when the parent last said that it holds. */
interface Stored {
  readonly version: number;
  readonly atMs: number;
}

/** What is stored may be one of several after a crash, until somebody looks. `null`: nothing. */
type Possible = readonly (Stored | null)[];

interface Seen {
  /** The version that came, or that the request failed. */
  readonly version: number | 'failed';
  readonly asked: number;
}

/** What the oracle knows of a name. */
interface Known {
  now: Possible;
  /** What the disk may hold: what is now there, or what was there before it arrived. */
  onDisk: Possible;
}

class Oracle {
  isUp = true;
  readonly versions = new Map<string, number>();
  readonly known = new Map<string, Known>();
  /** Key → until when its parent is left alone, monotonic. */
  readonly failing = new Map<number, number>();

  version(name: Name): number {
    return this.versions.get(nameOf(name)) ?? 1;
  }

  of(name: Name): Known {
    const known = this.known.get(nameOf(name)) ?? { now: [null], onDisk: [null] };
    this.known.set(nameOf(name), known);
    return known;
  }

  /** What one request must look like if this is stored, and what is stored after it. */
  expected(
    name: Name,
    stored: Stored | null,
    reload: boolean,
    clock: VirtualClock,
  ): Seen & { after: Stored | null } {
    const page = pages[name.key] as Page;
    const freshS = page.freshS ?? 0;
    // A parent that cannot be reached leaves a cache to itself, which then may use what was fresh once.
    const { whileS = 0, errorS = freshS > 0 ? 86_400 : 0 } = page;
    // A clock that was set back makes nothing younger than it was on arrival.
    const staleS = stored ? Math.max(0, clock.now() - stored.atMs) / 1000 - freshS : Number.POSITIVE_INFINITY;
    const isLeftAlone = (this.failing.get(name.key) ?? 0) > clock.elapsed();
    const current = page.freshS === null ? null : { version: this.version(name), atMs: clock.now() };
    const refreshed = this.isUp ? current : stored;

    if (stored && !reload) {
      const { version } = stored;
      if (staleS < 0) return { version, asked: 0, after: stored };
      if (isLeftAlone && staleS < errorS) return { version, asked: 0, after: stored };
      if (staleS < whileS) {
        return { version, asked: isLeftAlone ? 0 : 1, after: isLeftAlone ? stored : refreshed };
      }
    }
    if (this.isUp) return { version: this.version(name), asked: 1, after: current };
    const mayStandIn = stored && (staleS < 0 || staleS < errorS);
    return { version: mayStandIn ? stored.version : 'failed', asked: 1, after: stored };
  }

  /** Of all that may be stored, what is so after what was seen. Nothing, if none of it explains that. */
  explain(name: Name, seen: Seen, reload: boolean, clock: VirtualClock): boolean {
    const known = this.of(name);
    const matching = known.now
      .map((stored) => this.expected(name, stored, reload, clock))
      .filter(({ version, asked }) => version === seen.version && asked === seen.asked)
      .map(({ after }) => after);
    if (matching.length === 0) return false;
    if (seen.asked > 0) {
      if (this.isUp) this.failing.delete(name.key);
      else this.failing.set(name.key, clock.elapsed() + leftAloneMs);
    }
    known.now = unique(matching);
    known.onDisk = unique([...known.onDisk, ...known.now]);
    return true;
  }

  drop(key: number): void {
    for (let variant = 0; variant < variants; variant++) {
      Object.assign(this.of({ key, variant }), { now: [null], onDisk: [null] });
    }
  }

  purge(tag: string): void {
    for (const key of pages.keys()) if (tagsOf(key).includes(tag)) this.drop(key);
  }

  settle(): void {
    for (const known of this.known.values()) known.onDisk = known.now;
  }

  crash(): void {
    this.failing.clear();
    for (const known of this.known.values()) known.now = known.onDisk;
  }
}

function unique(possible: Possible): Possible {
  return [...new Map(possible.map((stored) => [JSON.stringify(stored), stored])).values()];
}

/** The cache itself, with a parent that answers as the oracle says. */
class Node {
  readonly clock = virtualClock();
  readonly #oracle: Oracle;
  #folder = temporary('oracle');
  here!: World;

  constructor(oracle: Oracle) {
    this.#oracle = oracle;
  }

  async start(): Promise<void> {
    this.here = await world({ clock: this.clock, disk: true, folder: this.#folder, memoryObjectBytes });
    this.here.parent = (ask) => answerFrom(this.#oracle, ask);
    const unfinished = join(this.#folder.path, 'tmp');
    await eventually('what was half written to be gone', () => readdirSync(unfinished).length === 0, {
      everyMs: 1,
    });
  }

  async restart(): Promise<void> {
    await this.here[Symbol.asyncDispose]();
    await this.start();
  }

  /** What a kill leaves is what is on the disk at that instant: the next life begins with a copy of it. */
  async crash(): Promise<void> {
    const before = this.#folder;
    this.#folder = temporary('oracle');
    // Files get their names meanwhile; what cp does not find any more is not in the image.
    Bun.spawnSync(['cp', '-r', `${before.path}/.`, this.#folder.path], { stderr: 'ignore' });
    await this.here[Symbol.asyncDispose]();
    before[Symbol.dispose]();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.here[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

function answerFrom(oracle: Oracle, { exchange, stored }: Ask) {
  if (!oracle.isUp) throw new MeridianError('upstream-unreachable', 'down');
  const [key, variant] = (exchange.headers.get('x-name') ?? '').split('.').map(Number);
  const name: Name = { key: key ?? 0, variant: variant ?? 0 };
  const page = pages[name.key] as Page;
  const etag = `"${textOf(name, oracle.version(name)).slice(0, 20).trim()}"`;
  const fields = {
    'cache-control': page.control,
    'cache-tag': tagsOf(name.key).join(', '),
    etag,
    ...(page.varies && { vary: 'x-variant' }),
  };
  if (stored?.etag === etag) return answerOf(null, fields, 304);
  return answerOf(textOf(name, oracle.version(name)), fields);
}

function textOf(name: Name, version: number): string {
  return `${nameOf(name)} v${version} `.padEnd(pages[name.key]?.long ? 9_000 : 900, '.');
}

type Step = fc.AsyncCommand<Oracle, Node>;

function step(what: string, run: (oracle: Oracle, node: Node) => Promise<void> | void): Step {
  return { check: () => true, run: async (oracle, node) => run(oracle, node), toString: () => what };
}

function get(name: Name, reload: boolean): Step {
  const what = `get ${nameOf(name)}${reload ? ' reloaded' : ''}`;
  return step(what, async (oracle, { here, clock }) => {
    const before = here.asked.length;
    const headers = { 'x-name': `${name.key}.${name.variant}`, 'x-variant': String(name.variant) };
    const cacheControl = reload ? { 'cache-control': 'no-cache' } : {};
    const text = await here
      .get({ key: `web /${name.key}`, headers: { ...headers, ...cacheControl } })
      .then((reply) => reply.text())
      .catch((error: unknown) => {
        if (error instanceof MeridianError && error.code === 'upstream-unreachable') return 'failed';
        throw error;
      });
    await idle(here);
    const version = text === 'failed' ? text : Number(/ v(\d+) /.exec(text)?.[1]);
    if (version !== 'failed') expect(text).toBe(textOf(name, version));
    const seen: Seen = { version, asked: here.asked.length - before };
    if (oracle.explain(name, seen, reload, clock)) return;
    throw new Error(
      `${what}: saw ${JSON.stringify(seen)}, where may be stored ${JSON.stringify(oracle.of(name).now)}`,
    );
  });
}

/** What goes on in the background has ended, but for writing. */
async function idle(here: World): Promise<void> {
  await here.quiet();
  await eventually('the end of everything under way', () => here.cache.stats.fills === 0, { everyMs: 1 });
  await here.quiet();
}

/** Of a few pages at a time, so that much happens to each. Purges by prefix or pattern belong here, beside those by tag. */
function stepsFor(keys: readonly number[]): fc.Arbitrary<Step>[] {
  const key = fc.constantFrom(...keys);
  const name = fc.record({ key, variant: fc.nat(variants - 1) });
  // Whole seconds, as `Date` counts them: in between, the oracle would have to know of rounding.
  const wait = fc.constantFrom(1_000, 4_000, 9_000, 11_000, 11_000, 31_000);
  return [
    name.map((one) => get(one, false)),
    name.map((one) => get(one, false)),
    name.map((one) => get(one, false)),
    name.map((one) => get(one, true)),
    name.map((one) =>
      step(`publish ${nameOf(one)}`, (oracle) => {
        oracle.versions.set(nameOf(one), oracle.version(one) + 1);
      }),
    ),
    wait.map((ms) => step(`wait ${ms} ms`, (_, node) => node.clock.advance(ms))),
    wait.map((ms) => step(`wait ${ms} ms`, (_, node) => node.clock.advance(ms))),
    fc
      .constantFrom(-3_600_000, -6_000, 6_000)
      .map((ms) => step(`set the clock by ${ms} ms`, (_, node) => node.clock.set(ms))),
    fc.boolean().map((isUp) =>
      step(`parent ${isUp ? 'up' : 'down'}`, (oracle) => {
        oracle.isUp = isUp;
      }),
    ),
    key.map((one) =>
      step(`drop ${one}`, (oracle, { here }) => {
        here.cache.drop(`web /${one}` as CacheKey);
        oracle.drop(one);
      }),
    ),
    fc.constantFrom('even', 'odd', 'page').map((tag) =>
      step(`purge ${tag}`, (oracle, { here }) => {
        here.cache.purge({ selector: { by: 'tag', tag }, soft: false }, true);
        oracle.purge(tag);
      }),
    ),
    fc.constant(
      step('restart', async (oracle, node) => {
        await node.restart();
        oracle.settle();
        oracle.crash();
      }),
    ),
    fc.constant(
      step('crash', async (oracle, node) => {
        await node.crash();
        oracle.crash();
      }),
    ),
  ];
}

const groups = [
  ['fresh, with variants', [0, 1]],
  ['served stale', [2, 3, 4]],
  ['never stale, or not stored', [5, 6, 8]],
  ['stale at once', [6, 7]],
] as const;

test.each(groups)(
  'every answer is one that the oracle foretells: pages that are %s',
  async (_, keys) => {
    const seed = process.env['SEED'] ? { seed: Number(process.env['SEED']) } : {};
    const numRuns = Number(process.env['RUNS'] ?? 30);
    await fc.assert(
      fc.asyncProperty(fc.commands(stepsFor(keys), { maxCommands: 80, size: 'max' }), async (commands) => {
        const oracle = new Oracle();
        const node = new Node(oracle);
        await node.start();
        try {
          await fc.asyncModelRun(() => ({ model: oracle, real: node }), commands);
        } finally {
          await node.stop();
        }
      }),
      { numRuns, ...seed },
    );
  },
  120_000,
);
