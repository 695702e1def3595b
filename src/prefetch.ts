/**
 * What nodes are told to have before anybody asks for it. A list says what, and who shall have it; which lists there are, a protocol
 * decides at the origin. What a node does about it is the same for all of them (`prefetch/keeper.ts`).
 */
export interface PrefetchItem {
  /** Path and query of the route, as a client would ask for it. */
  readonly target: string;
  /** Length of the body, as far as the origin knows it. */
  readonly bytes: number;
  /** Of the version that is meant; `null`: whatever is there. */
  readonly etag: string | null;
}

export interface PrefetchList {
  readonly route: string;
  /** What it is a part of, such as a repository: progress is told of all lists of one together. */
  readonly group: string;
  /** Names of nodes; `*` stands for any text. */
  readonly to: readonly string[];
  readonly items: readonly PrefetchItem[];
  /** Why the origin could not make it, or make it anew; `null`: it could. */
  readonly error: string | null;
  /** When it became what it is, by the origin's clock; ms since the epoch. */
  readonly atMs: number;
}

/** Those of one route, at an origin. */
export interface Prefetching {
  /** Resolves when all lists that there were are known. */
  readonly ready: Promise<void>;
  /** By their names. */
  told(): ReadonlyMap<string, PrefetchList>;
  /** In place of the list of that name. Nothing is told that is told already. Fails as the bus does, and with `internal` for one that is too long. */
  tell(name: string, list: Omit<PrefetchList, 'route' | 'atMs'>): Promise<void>;
  /** Nodes need not have it any more: what they have goes as everything goes that nobody asks for. Fails as the bus does. */
  forget(name: string): Promise<void>;
}
