/**
 * Builds the tree that npm would build (`node_modules`), out of what there is to choose from: breadth first, each package as far up as it does not
 * stand in another one's way, and none twice where one that is there will do. So what is needed twice in different ranges is one version or two as
 * it is for npm.
 *
 * Follows `buildIdealTree` of @npmcli/arborist, but for its way of moving peers that are in conflict.
 */
import type { Client } from './client.ts';
import { type Picker, satisfies, type Wish, wishOf } from './pick.ts';
import { fits } from './platform.ts';

export interface Placed {
  /** As it is called in its place, which an alias may be. */
  readonly name: string;
  readonly picker: Picker;
  /** Number in the picker's versions. */
  readonly at: number;
  readonly version: string;
  readonly parent: Placed | null;
  readonly depth: number;
  readonly children: Map<string, Placed>;
  /** What it needs. */
  readonly edges: readonly Edge[];
  /** What those turned out to be. */
  readonly uses: { readonly node: Placed; readonly isOptional: boolean }[];
  readonly runsHere: boolean;
}

interface Edge {
  readonly name: string;
  readonly spec: string;
  readonly kind: 'needed' | 'optional' | 'peer';
}

export interface NpmTree {
  /** Packages whose documents npm reads, in its order. */
  readonly asked: readonly string[];
  /** What it installs on this platform, in the order in which it was found. */
  readonly installed: readonly Placed[];
  /** `false`: there was not enough time, or it was too much. */
  readonly isWhole: boolean;
}

export interface Placing {
  readonly client: Client;
  /** `null`: there is none, or it cannot be had. */
  load(name: string): Promise<Picker | null>;
  /** What has been loaded. */
  at(name: string): Picker | null;
  /** Lets others have a turn, where it is time for that. */
  rest(): Promise<void>;
  /** No time is left. */
  isOver(): boolean;
}

/** Peers of peers. */
const deepestPeers = 6;
const mostPlaced = 8_000;
/** Of one package: real ones have some hundred at most. */
const mostEdges = 1_000;
const mostAsked = 8_000;

export async function placeAsNpm(
  first: { readonly picker: Picker; readonly at: number },
  { client, load, at: pickerOf, rest, isOver }: Placing,
): Promise<NpmTree> {
  const asked = new Set<string>();
  const all: Placed[] = [];
  const queue = new Queue();

  function add(name: string, picker: Picker, at: number, parent: Placed): Placed {
    const node: Placed = {
      ...{ name, picker, at, version: picker.choices.versions[at]![0], parent },
      depth: parent.depth + 1,
      children: new Map(),
      edges: edgesOf(picker, at),
      uses: [],
      runsHere: fits(picker.needsOf(at), client.platform),
    };
    parent.children.set(name, node);
    all.push(node);
    queue.add(node);
    // Soon wanted, as npm has it as well.
    for (const { name: wanted } of wishesAt(node)) void ask(wanted);
    return node;
  }

  function ask(name: string): Promise<Picker | null> {
    if (isOver() || (asked.size >= mostAsked && !asked.has(name))) return Promise.resolve(null);
    asked.add(name);
    return load(name);
  }

  /** What is to be placed for it. */
  function wishesAt(node: Placed): readonly Wish[] {
    return node.edges.flatMap((edge) => {
      const found = resolve(node, edge);
      const wish = found !== null && isGood(found, edge.spec) ? null : wishOf(edge.name, edge.spec);
      return wish === null ? [] : [wish];
    });
  }

  /** Reads what stands beside a package, of what need not be there, too. */
  async function askPeers({ name, range }: Wish, from: Placed, depth: number): Promise<void> {
    const picker = await ask(name);
    const at = picker?.pick(range, client) ?? null;
    if (picker === null || at === null || depth > deepestPeers) return;
    const { peers = {}, optionalPeers = {} } = picker.needsOf(at);
    const wishes = Object.entries({ ...peers, ...optionalPeers }).flatMap(([peer, spec]) => {
      const found = resolve(from, { name: peer, spec, kind: 'needed' });
      const wish = found !== null && isGood(found, spec) ? null : wishOf(peer, spec);
      return wish === null || (depth > 0 && asked.has(wish.name)) ? [] : [wish];
    });
    await Promise.all(wishes.map((wish) => askPeers(wish, from, depth + 1)));
  }

  function place(from: Placed, edge: Edge): Placed | null {
    const wish = wishOf(edge.name, edge.spec);
    const picker = wish && pickerOf(wish.name);
    const at = picker?.pick(wish?.range ?? '', client) ?? null;
    if (picker === null || at === null) return null;
    const start = edge.kind === 'peer' ? (from.parent ?? from) : from;
    return add(edge.name, picker, at, targetOf(start, edge.name, picker, at));
  }

  // The one that was asked for stands below the project.
  const project: Placed = {
    ...{ name: '', picker: first.picker, at: first.at, version: '', parent: null, depth: 0 },
    ...{ children: new Map(), edges: [], uses: [], runsHere: true },
  };
  const { name } = first.picker.choices;
  const top = add(name, first.picker, first.at, project);
  await askPeers({ name, range: top.version }, project, 0);
  let node = queue.next();
  for (; node !== null && all.length < mostPlaced && !isOver(); node = queue.next()) {
    const from = node;
    await Promise.all(wishesAt(from).map((wish) => askPeers(wish, from, 0)));
    for (const edge of from.edges) {
      const there = resolve(from, edge);
      const used = there !== null && isGood(there, edge.spec) ? there : place(from, edge);
      if (used !== null) from.uses.push({ node: used, isOptional: edge.kind === 'optional' });
    }
    await rest();
  }
  asked.delete(name);
  return { asked: [...asked], installed: installedOf(top, all), isWhole: node === null };
}

/** In the order of their names, as npm goes through them. */
function edgesOf(picker: Picker, at: number): readonly Edge[] {
  const { dependencies = {}, optional = {}, peers = {} } = picker.needsOf(at);
  const edges = [
    ...Object.entries(peers).map(([name, spec]): Edge => ({ name, spec, kind: 'peer' })),
    ...Object.entries(dependencies).map(([name, spec]): Edge => ({ name, spec, kind: 'needed' })),
    ...Object.entries(optional).map(([name, spec]): Edge => ({ name, spec, kind: 'optional' })),
  ];
  const all = [...new Map(edges.slice(0, mostEdges).map((edge) => [edge.name, edge])).values()];
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What `require` would find. */
function resolve(node: Placed, { name, kind }: Edge): Placed | null {
  let at: Placed | null = kind === 'peer' ? node.parent : node;
  for (; at !== null; at = at.parent) {
    const found = at.children.get(name);
    if (found !== undefined) return found;
  }
  return null;
}

function isGood(found: Placed, spec: string): boolean {
  const wish = wishOf(found.name, spec);
  if (wish === null) return true;
  const { choices } = found.picker;
  if (choices.name !== wish.name) return false;
  if (Object.hasOwn(choices.tags, wish.range)) return choices.tags[wish.range] === found.version;
  return wish.range === '*' || satisfies(found.version, wish.range);
}

/** As far up as nobody there has another one, or needs another one. */
function targetOf(start: Placed, name: string, picker: Picker, at: number): Placed {
  const version = picker.choices.versions[at]![0];
  let best = start;
  for (let node: Placed | null = start; node !== null; node = node.parent) {
    if (node.children.has(name)) break;
    const own = node.edges.find((edge) => edge.name === name && edge.kind !== 'peer');
    if (own !== undefined && node !== start && !satisfies(version, own.spec)) break;
    best = node;
  }
  return best;
}

/** Without what only something needs that does not run here. */
function installedOf(top: Placed, all: readonly Placed[]): readonly Placed[] {
  const found = new Set<Placed>();
  const open = [top];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    for (const { node: used, isOptional } of node.uses) if (used.runsHere || !isOptional) open.push(used);
  }
  return all.filter((node) => found.has(node));
}

/** What is least deep comes first, and by name where that is the same. */
class Queue {
  readonly #heap: { readonly node: Placed; readonly path: string }[] = [];

  add(node: Placed): void {
    const heap = this.#heap;
    heap.push({ node, path: pathOf(node) });
    for (let at = heap.length - 1; at > 0; ) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(at, above)) break;
      [heap[at], heap[above]] = [heap[above]!, heap[at]!];
      at = above;
    }
  }

  next(): Placed | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first.node;
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0; ; ) {
      let least = at;
      for (const below of [2 * at + 1, 2 * at + 2])
        if (below < heap.length && this.#isBefore(below, least)) least = below;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one]!, this.#heap[other]!];
    return a.node.depth === b.node.depth ? a.path < b.path : a.node.depth < b.node.depth;
  }
}

function pathOf(node: Placed): string {
  return node.parent === null ? node.name : `${pathOf(node.parent)}/${node.name}`;
}
