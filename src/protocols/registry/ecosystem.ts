/**
 * What one ecosystem of packages has to say, so that `registry.ts` can make a protocol of it: which addresses mean what, how its indexes
 * are read and written, how its versions are ordered, and how its clients are pointed at a route. Sources and the guard between them, access,
 * policy, purges, publishing, quotas, mirroring, offline use and the catalogue are the same for all, and are none of its business.
 */
import type { Clock } from '../../clock.ts';
import type { Answer } from '../../entry.ts';
import type { Doing, Wording } from '../../foresight.ts';
import type { ClientGuide, RouteAddress } from '../../guide.ts';
import type { Action } from '../../identity.ts';
import type { Ask } from '../../parent.ts';
import type { Mount, OriginDoor, Wanted } from '../../protocol.ts';
import type { FieldList, FreshnessPolicy } from '../../resource.ts';
import type { Budget } from '../budget.ts';
import type { Teller } from '../telling.ts';
import type { Hosted } from './hosted/claims.ts';
import type { HostedVersion } from './hosted/record.ts';
import type { MirrorOptions } from './options.ts';
import type { JudgedEcosystem, Policy } from './policy/policy.ts';
import type { Sources } from './sources.ts';

export interface Ecosystem extends JudgedEcosystem {
  /**
   * What is read at an address of the route. Pure: what it says is remembered.
   * @param path below the route's prefix, as the client wrote it, with its leading slash.
   * @param query with its question mark; empty when there is none.
   */
  read(path: string, query: string): Read;
  /**
   * Requests that show a credential of the upstream's own, for what it gives to some alone: they go to `receive` with it, past all caches, as whoever
   * asks. `null`: this is none. Absent: there are none. Where not everybody may read the route, nobody is let in by it.
   * @param authorization value of the field.
   */
  foreign?(authorization: string, path: string, query: string): Passed | null;
  /** What any other method does there. Absent: nothing can be written. `null`: this cannot. Pure. */
  write?(method: string, path: string, query: string): Write | null;
  /** At the origin: what is read and does not live here, from the sources that may have it. */
  pull(item: Item, at: Pulling): Promise<Answer>;
  /** At the origin: what is read and lives here (`item.name` is claimed). Absent: nothing can. */
  serve?(item: Item, at: Pulling): Promise<Answer>;
  /** At the origin: what is written. Also whatever `Read` passes on. */
  receive?(what: string, at: Changing): Promise<Answer>;
  /** An error in the words of its clients; absent: a problem document (RFC 9457). */
  error?(status: number, message: string): { readonly type: string; readonly body: string };
  /** `WWW-Authenticate` for who has to authenticate, where its clients understand more than the network's own words. @param url of the route. */
  challenge?(url: string): string;
  /**
   * At the origin: what the policy goes by, of a version that does not live here; for people who ask why it may or may not be used. `null`: no upstream has
   * it. Absent: no upstream says when versions were published.
   */
  facts?(name: string, version: string, at: Pulling): Promise<{ readonly publishedMs: number | null } | null>;
  /** Further fields of a file that was mirrored, which its clients need. */
  fieldsOf?(
    item: Item,
    of: { readonly sha256: string; readonly sizeBytes: number },
  ): Readonly<Record<string, string>>;
  /** What a pattern of names in the config stands for, where it may be written more shortly; absent: for itself. */
  patterns?(pattern: string): readonly string[];
  /** How each of its clients is pointed at a route. */
  guides(at: RouteAddress): readonly ClientGuide[];
  /**
   * Addresses below the prefix, with their leading slash, that a client asks for to use one version, as a lock file names it: indexes first. What
   * they say is read through the origin, so that files can be found in indexes. Absent: nothing can be mirrored.
   */
  needs?(wanted: Wanted, at: Mirroring): Promise<readonly Needed[]>;
  /**
   * Addresses that a client asks for before all else, whatever it wants, and that the origin makes by itself: they are fetched ahead with each version,
   * and need not be mirrored. Absent: there are none, or `needs` has them.
   */
  readonly roots?: readonly string[];
  /** Values of `Accept` by which its clients choose among forms of one document. Absent: there is one of each. */
  readonly accepts?: readonly string[];
  /**
   * What the same client is going to ask for next, now that it has this: items of the same route, the most likely first. Fetched ahead within
   * bounds, and never what the policy is against. Absent: nothing is foreseen.
   */
  foresee?(item: Item, body: Uint8Array): readonly Item[];
  /** Which whole trees of dependencies requests begin, and what is in them: fetched ahead by PoPs. Absent: nothing is known of that. */
  readonly foresight?: EcosystemForesight;
  /**
   * Tags of what belongs to the same state of an upstream as this index: when it turns out to be another one, all of that is let go of at once,
   * and not used while it is confirmed. Absent: indexes do not hang together.
   */
  belongTogether?(item: Item): readonly string[];
  /** What people are told of a version that lives here; absent: what every record has. */
  describe?(version: HostedVersion): Described;
}

/** Reads addresses of the route, through the origin's own cache. */
export interface Mirroring {
  /** @returns `null` where it answers anything but 200. */
  read(path: string): Promise<Uint8Array | null>;
}

export interface Needed {
  /** Below the prefix, with its leading slash. */
  readonly path: string;
  /** Of its bytes, hexadecimal; absent: whatever is there. */
  readonly sha256?: string | undefined;
}

/** In words that every ecosystem has. */
export interface Described {
  readonly description?: string | undefined;
  readonly licence?: string | undefined;
  readonly homepage?: string | undefined;
  readonly repository?: string | undefined;
  readonly keywords?: readonly string[] | undefined;
  readonly authors?: readonly string[] | undefined;
  readonly readme?: string | undefined;
  readonly dependencies?: number | undefined;
}

/** One thing that can be asked for, whatever an address calls it. */
export interface Item {
  /** The ecosystem's word, for keys, logs and metrics: `simple`, `file`. Lower-case letters and dashes. */
  readonly kind: string;
  /** The package that it belongs to, in canonical form: what rights, tags, sources and the policy go by. `null`: the registry as a whole. */
  readonly name: string | null;
  /**
   * Its canonical address below the route's prefix, without a leading slash, with whatever of the query counts: the same for all that mean
   * it. Printable ASCII without spaces.
   */
  readonly path: string;
  /** One of several renderings of it: `json`, `html`. */
  readonly form?: string | undefined;
  /** Whose file it is, where that is known by the address. */
  readonly version?: string | undefined;
  /** The thing itself: not an index. */
  readonly isFile?: boolean | undefined;
  /** Of a file: other bytes may take its place, as those of a snapshot do. */
  readonly isMutable?: boolean | undefined;
  /** Of a file: short, and about another one, such as its metadata or its signature: whoever has it has downloaded nothing. */
  readonly isBeside?: boolean | undefined;
  /**
   * Holds addresses of this route, which begin with `placeholder` at the origin: a PoP writes its client's own there. Where the ecosystem
   * allows relative addresses, those are better.
   */
  readonly isRendered?: boolean | undefined;
  /** A range of it may be fetched without the rest: where no digest says what the whole is. `ahead`: see `Resource.inParts`. */
  readonly inParts?: boolean | 'ahead' | undefined;
  /** See `Resource.agesByRoute`. */
  readonly agesByRoute?: boolean | undefined;
  /** Text, which PoPs compress. */
  readonly isText?: boolean | undefined;
  /** Beside `<id>` and `<id>:<name>`. */
  readonly tags?: readonly string[] | undefined;
  /** Fields that it is asked for with, because the answer depends on them and the path says so. */
  readonly ask?: FieldList | undefined;
}

/** What addresses of this route begin with in documents that the origin makes; the prefix of the route follows at the PoP, not here. */
export const placeholder = 'http://meridian.invalid';

export type Read =
  | { readonly as: 'item'; readonly item: Item }
  /** The client says which one it likes. @param accept its `Accept` field. */
  | { readonly as: 'forms'; readonly forms: readonly Item[]; choose(accept: string | null): Item | null }
  /** From no cache: a search, somebody's own account. `what` goes to `receive`. */
  | Passed
  /** The node answers by itself. */
  | {
      readonly as: 'answer';
      readonly kind: string;
      readonly status: number;
      readonly type: string;
      readonly body: string;
      /** Where it is instead, relative to the address that was asked for. */
      readonly location?: string;
    }
  /** No such address. */
  | { readonly as: 'absent'; readonly why: string }
  /** An address that nobody should ask for: a broken name, a way out of the tree. */
  | { readonly as: 'malformed'; readonly why: string };

export interface Passed {
  readonly as: 'pass';
  readonly what: string;
  /** `null`: the body says which package it is about, or it is about none. */
  readonly name: string | null;
  /** It shows the origin who asks, by a name and a password (`Basic`): a PoP looks for no token. */
  readonly isLogIn?: boolean | undefined;
}

export type Write = ChangeWanted | { readonly as: 'malformed'; readonly why: string };

export interface ChangeWanted {
  readonly as: 'change';
  /** The ecosystem's word: `upload`, `yank`. Goes to `receive`. */
  readonly what: string;
  readonly action: Exclude<Action, 'read'> | 'read';
  /** The package, in canonical form, where the address says it: a PoP checks the right at once. `null`: the origin does. */
  readonly name: string | null;
  /** Its body holds a file, which may be longer than other bodies. */
  readonly bringsBlob: boolean;
  /** Its address holds a signature of the origin's, which lets in whoever shows it, and which `receive` checks. Absent: whoever may do it. */
  readonly isSelfProven?: boolean | undefined;
  /** See `Passed.isLogIn`. */
  readonly isLogIn?: boolean | undefined;
}

/** For ecosystems whose answers depend on where the route is. */
export type Placed = Pick<Mount, 'prefix' | 'route'> & {
  /** Everybody may read it, but for what is for some alone. */
  readonly isOpen: boolean;
};

/** What the origin has of a route for packages, besides its stores. */
export interface RegistryOrigin {
  readonly ecosystem: Ecosystem;
  readonly route: string;
  /** Path prefix of the route, without a trailing slash. */
  readonly prefix: string;
  readonly sources: Sources;
  /** What lives here; `null`: nothing. */
  readonly hosted: Hosted | null;
  /** Told of every change of what lives here. */
  readonly teller: Teller;
  /** `null`: nothing is asked of what is pulled. */
  readonly policy: Policy | null;
  readonly mirror: MirrorOptions;
  readonly metadata: FreshnessPolicy;
  readonly maxIndexBytes: number;
  /** Memory for indexes that are being fetched and derived, all together. */
  readonly budget: Budget;
  /** Whether something is for those only who have been given it by name. */
  isRestricted(name: string): boolean;
  /** Whether it is nobody else's. */
  livesHere(name: string): boolean;
  readonly clock: Clock;
}

/** One question, at the origin. */
export interface Pulling {
  readonly registry: RegistryOrigin;
  readonly ask: Ask;
  readonly door: OriginDoor;
}

/** One request that changes something, or that no cache may answer. Its body has not been read. */
export interface Changing extends Pulling {
  /** Path below the prefix, with its leading slash, and the query with its question mark. */
  readonly path: string;
  readonly query: string;
}

/** One thing that a client wants, as its own resolver would put it. */
export interface Want {
  /** In canonical form. */
  readonly name: string;
  /** In the ecosystem's words: a range, an exact version; empty: whatever is newest. */
  readonly range: string;
  /** Whatever else counts: extras, features. */
  readonly detail?: string | undefined;
}

export interface Beginning {
  readonly wants: readonly Want[];
  /** What holds for all of the tree: the platform, the runtime, whether indexes are asked for, too. The same words for the same. */
  readonly about: Readonly<Record<string, string>>;
  /** See `Clue.settles`. */
  readonly settles?: boolean | undefined;
}

/** An item, or one of its forms, that is going to be asked for. */
export interface ForeseenItem {
  readonly item: Item;
  /** Of items that have several forms. */
  readonly accept?: string | undefined;
  readonly bytes?: number | undefined;
  readonly likelihood?: number | undefined;
}

export interface Expanded {
  readonly items: readonly ForeseenItem[];
  readonly wants: readonly Want[];
}

/** One tree that is being gone through. */
export interface Tree {
  readonly about: Readonly<Record<string, string>>;
  /**
   * An index of the route through the origin's own cache; `null` where it answers anything but 200.
   * @param maxBytes absent: as much as an index may have. Fails with what is longer.
   */
  read(item: Item, maxBytes?: number): Promise<Uint8Array | null>;
  /**
   * Lets others have a turn, where it is time for that: for whatever may take more than a few milliseconds.
   * @returns `false`: no time is left, or nobody waits any more; what is known is what is told.
   */
  rest(): Promise<boolean>;
  readonly registry: RegistryOrigin;
  /** For whatever has to be known of the whole tree. */
  readonly notes: Map<string, unknown>;
}

export interface EcosystemForesight extends Wording {
  /** Which tree this request begins, or is in the middle of. `null`: none. Pure. @param headers the client's. */
  begins(item: Item, headers: Headers, doing: Doing): Beginning | null;
  /** What a client fetches for this, and what that needs in turn. Fails, or is empty, where nothing is known. */
  expand(want: Want, tree: Tree): Promise<Expanded>;
  /** What it fetches once it knows all of the tree. Absent: nothing more. */
  ends?(tree: Tree): readonly ForeseenItem[] | Promise<readonly ForeseenItem[]>;
}
