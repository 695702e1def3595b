/**
 * Nodes of one region with a key/value store of their own, each a cache with a parent that a test speaks for.
 */
import { type VirtualClock, virtualClock } from '../../test/support/clock.ts';
import { eventually } from '../../test/support/wait.ts';
import { maxAge, turns } from '../cache/answers.contract.ts';
import { type World, world } from '../cache/world.contract.ts';
import { type Copies, copies } from '../kv/copies.ts';
import { type MemoryStore, memoryStore } from '../kv/memory.contract.ts';
import { everything, marksOfPurge } from './purge-marks.ts';
import { type Followed, recentPurges } from './recent-purges.ts';
import { replicated } from './replicate.ts';

const secret = 'a secret of this network, which is long enough';
const opened: World[] = [];

/** For `afterEach`. */
export async function leaveRegions(): Promise<void> {
  for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
}

export interface Region {
  readonly store: MemoryStore;
  readonly clock: VirtualClock;
}

export const region = (): Region => ({ store: memoryStore(), clock: virtualClock() });

export interface TestNode {
  readonly world: World;
  readonly copies: Copies;
  readonly warnings: readonly string[];
  /** Asks, with the parent answering by itself, and reads all of the answer. */
  get(...args: Parameters<World['get']>): Promise<{ text: string; status: string; wasAsked: boolean }>;
}

export interface NodeOptions {
  readonly objectBytes?: number;
  /** Default: there is no bus. */
  readonly followed?: () => Followed;
}

/** After so long, a node that is cut off from the bus is unsure. */
export const whileMs = 30_000;

export async function node({ store, clock }: Region, options: NodeOptions = {}): Promise<TestNode> {
  const { objectBytes = 8 * 2 ** 20, followed = () => null } = options;
  const limits = { queueBytes: 16 * 2 ** 20 };
  const warnings: string[] = [];
  const near = copies({
    ...{ name: 'eu', store, secret, clock, timeoutMs: 50, limits, everything },
    warn: (message) => void warnings.push(message),
  });
  const again = (names: readonly string[]) => near.purged(names);
  const recent = recentPurges({ followed, whileMs, again, clock, everything });
  const made = await world({
    clock,
    memoryBytes: 64 * 2 ** 20,
    memoryObjectBytes: 8 * 2 ** 20,
    purged(selector) {
      const now = followed();
      const at = now === null || now === 'unsure' ? undefined : now;
      recent.purged(marksOfPurge(selector), at);
      near.purged(marksOfPurge(selector));
    },
    asking: (parent) =>
      replicated(parent, { route: 'web', copies: near, objectBytes, lifetimeMs: 86_400_000, recent, clock }),
  });
  opened.push(made);
  return {
    world: made,
    copies: near,
    warnings,
    async get(...args) {
      const before = made.asked.length;
      const reply = await made.get(...args);
      const text = await reply.text();
      await turns();
      return {
        text,
        status: reply.served.forwarding?.cacheStatus ?? '',
        wasAsked: made.asked.length > before,
      };
    },
  };
}

/** A node that has got this answer from its parent, and copied it. */
export async function filled(
  at: Region,
  body: string | Uint8Array<ArrayBuffer>,
  fields: Record<string, string> = maxAge(60),
): Promise<TestNode> {
  const first = await node(at);
  first.world.parent = () => ({
    status: 200,
    headers: new Headers({ ...fields, 'content-length': String(body.length) }),
    body: new Blob([body]).stream(),
  });
  await first.get();
  await eventually('the copy', () => first.copies.stats.kept + first.copies.stats.dropped > 0, {
    everyMs: 1,
  });
  return first;
}

/** A parent that answers with the next version. */
export const answering =
  (text: string, fields: Record<string, string> = maxAge(60)) =>
  () => ({ status: 200, headers: new Headers(fields), body: new TextEncoder().encode(text) });
