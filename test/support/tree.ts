/** Goes through a tree of dependencies for the tests of an ecosystem's foresight: one thing after another, over documents that a test has written. */
import type {
  Beginning,
  EcosystemForesight,
  ForeseenItem,
  Item,
  RegistryOrigin,
  Tree,
} from '../../src/protocols/registry/ecosystem.ts';
import { virtualClock } from './clock.ts';

export interface Grown {
  /** What is foreseen, by its path below the route's prefix, in its order, with its likelihood. */
  readonly likelihoods: Readonly<Record<string, number>>;
  readonly paths: readonly string[];
  /** Paths of what was read. */
  readonly read: readonly string[];
}

/** @param read what the origin has at a path below the prefix; `null`: nothing. */
export async function grow(
  { expand, ends }: EcosystemForesight,
  { wants, about }: Beginning,
  read: (path: string) => string | Uint8Array | null,
  nowMs = Date.UTC(2026, 5, 1),
): Promise<Grown> {
  const paths: string[] = [];
  const tree: Tree = {
    ...{ about, notes: new Map(), rest: async () => true },
    // Of what an origin has, only the time matters to a tree.
    registry: { clock: virtualClock(nowMs) } as unknown as RegistryOrigin,
    async read({ path }: Item) {
      paths.push(path);
      const found = read(path);
      return found === null ? null : Buffer.from(found);
    },
  };
  const items: ForeseenItem[] = [];
  const waiting = [...wants];
  const known = new Set<string>();
  for (let want = waiting.shift(); want !== undefined; want = waiting.shift()) {
    const id = `${want.name} ${want.range} ${want.detail}`;
    if (known.has(id)) continue;
    known.add(id);
    const step = await expand(want, tree).catch(() => ({ items: [], wants: [] })); // of which nothing is foreseen
    items.push(...step.items);
    waiting.push(...step.wants);
  }
  items.push(...((await ends?.(tree)) ?? []));
  const likelihoods = Object.fromEntries(items.map(({ item, likelihood = 1 }) => [item.path, likelihood]));
  return { likelihoods, paths: Object.keys(likelihoods), read: paths };
}
