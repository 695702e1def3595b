/**
 * What nodes have before anybody asks for it: because a protocol knows what one client is going to ask for next, or because they are told to.
 */

/** One request that a client is going to make, as far as one can know. */
export interface Foreseen {
  /** Path and query of the route, with its prefix, as he would write them. */
  readonly target: string;
  /** `Accept`, where the answer depends on it. Absent: as in the request that this was foreseen by. */
  readonly accept?: string | undefined;
  /** Length of the body, as far as it is known. */
  readonly bytes?: number | undefined;
  /** 0 to 1. Absent: as good as certain. 0: it is not going to be asked for, but one has to know of it to know of the others. */
  readonly likelihood?: number | undefined;
  /** It is for those only who have the right by name. Who has not is led to nothing that is foreseen along with it: that would tell him of it. */
  readonly restricted?: boolean | undefined;
  /**
   * It hangs on which of several things the client wants, and he shows that by asking for any of these (path and query of the route): not before that
   * is it foreseen. Absent: it hangs on nothing.
   */
  readonly once?: readonly string[] | undefined;
}

/** What a request tells of those that come after it. */
export interface Clue {
  /**
   * What the origin is asked, in the protocol's own words: the query of an address, without its question mark, at most 1,500 characters of what may
   * stand there. The same for all requests that lead to the same things, as it is asked once for all of them. `null`: nothing has to be asked.
   */
  readonly question: string | null;
  /** What is known without asking. */
  readonly foreseen: readonly Foreseen[];
  /** What could only be guessed before is certain by this: it is worth asking for, although the request itself was foreseen, as a guess. */
  readonly settles?: boolean | undefined;
}

/** What one client has asked for without a longer pause, by a PoP's account: a session, such as one run of `npm install`. */
export interface Doing {
  /** How often he has asked for something of this kind (`Named.kind`) on this route, this request not counted. */
  asked(kind: string): number;
}

/** What a body that a client sends tells. */
export interface TellingBody {
  /** A longer one is not looked into. As it comes: before it is unpacked. */
  readonly maxBytes: number;
  /** @param body as it came, with whatever `Content-Encoding` the request says. Of one that makes no sense: nothing. */
  read(body: Uint8Array<ArrayBuffer>): Promise<readonly Foreseen[]>;
}

/** What a client asks for next. */
export interface Plan {
  /** In the order in which he will want it. */
  readonly foreseen: readonly Foreseen[];
  /** `false`: there was not enough time, or it was too much. It is asked for again soon. */
  readonly isWhole: boolean;
  /** Seconds for which it is worth keeping, where it is whole. Absent: as long as anything that is foreseen. */
  readonly freshS?: number | undefined;
}

/** Something that nodes are told to have before anybody asks for it. */
export interface PrefetchItem {
  /** Path and query of the route, as a client would ask for it. */
  readonly target: string;
  /** Length of the body, as far as the origin knows it. */
  readonly bytes: number;
  /** Of the version that is meant; `null`: whatever is there. */
  readonly etag: string | null;
  /** `Accept`, where the answer depends on it. */
  readonly accept?: string | undefined;
}

/**
 * What some nodes shall have. Which lists there are, a protocol decides; what a node does about them is the same for all (`prefetch/keeper.ts`).
 */
export interface PrefetchList {
  readonly route: string;
  /** What it is a part of, such as a repository: progress is told of all lists of one together. */
  readonly group: string;
  /** Names of nodes; `*` stands for any text. */
  readonly to: readonly string[];
  readonly items: readonly PrefetchItem[];
  /** Why the origin could not make it, or make it anew; `null`: it could. */
  readonly error: string | null;
  /** By which addresses clients reach PoPs, without a trailing slash: what is made for clients is made for these. Absent: those of late. */
  readonly bases?: readonly string[] | undefined;
  /** Nobody need have it any more from then on, ms since the epoch. Absent: for good. */
  readonly untilMs?: number | undefined;
  /** When it became what it is, by the origin's clock; ms since the epoch. */
  readonly atMs: number;
}

/** The lists of one route, at an origin. */
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

export interface NeedsGiven {
  /** Of images: `os/architecture[/variant]`; none: all. */
  readonly platforms: readonly string[];
  /** With what a client asks for who has no lock file, where that is something else. */
  readonly indexes: boolean;
  /** A resource of the route by the path that clients ask for, through the origin's own cache, whole. */
  read(
    target: string,
    maxBytes: number,
  ): Promise<{ readonly status: number; readonly headers: Headers; readonly bytes: Uint8Array }>;
}

export interface Needs {
  /** In the order in which clients ask for them. None where nothing is known of the version. */
  readonly items: readonly PrefetchItem[];
  /** By the answer to which, whoever may not know of it is told from others; `null`: that of each item says so. */
  readonly about: string | null;
  /** The origin has seen what the items are made of, and that the policy is not against them. */
  readonly isSeen: boolean;
  /** Why it is not all of it, in words; `null`: it is. */
  readonly lacks: string | null;
}
