/**
 * What Meridian knows about an ecosystem. A protocol is one folder under `protocols/` and touches nothing else.
 */

import type {
  Artifact,
  Described,
  FoundPackages,
  Held,
  Rank,
  Reader,
  Search,
  VersionPage,
} from './catalogue.ts';
import type { Answer, Entry } from './entry.ts';
import type { MeridianError } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type {
  Clue,
  Doing,
  Foreseen,
  Needs,
  NeedsGiven,
  Plan,
  Prefetching,
  TellingBody,
  Wording,
} from './foresight.ts';
import type { ClientGuide, RouteAddress } from './guide.ts';
import type { Accounts } from './identity.ts';
import type { Ask, Remote, RemoteRequest } from './parent.ts';
import type { Selector } from './purge.ts';
import type { Named, Resource } from './resource.ts';
import type { Bounds, DocumentReader, Kept, Stores, Weight } from './store.ts';

export type Role = 'pop' | 'shield' | 'origin';

/** A route's address space as clients see it. */
export interface Mount {
  /** The route's name: the first word of its cache keys. */
  readonly route: string;
  /** Path prefix with a leading and without a trailing slash; empty at the root. */
  readonly prefix: string;
  readonly role: Role;
}

export interface Protocol {
  readonly id: string;
  /** Names what a request asks for. Runs for every request, memory hits too: no promise, no I/O. */
  name(exchange: Exchange): Named;
  /**
   * What caches keep of a URL's path and query, at any tier: what a purge by that URL is about. Empty: nothing ever.
   */
  covers(target: string): readonly Selector[];
  /**
   * At a PoP, where the client's own address and encodings are known: turns the network's one canonical
   * answer into the one for this client, as it streams. Absent: answers are passed on as they are.
   */
  rewrite?(resource: Resource, answer: Answer, exchange: Exchange): Answer;
  /** The same for the fields of a 304: what is stored of an answer stays, but for what these say. Absent: none of them holds an address. */
  confirm?(resource: Resource, answer: Answer): Answer;
  /**
   * At the PoP: what is asked first for somebody who has no right by name to what he wants, where nobody may tell a name that he may not
   * read from one that there is not. `null`: that is no secret here. Not asked about what is stored and is for everybody.
   */
  concealed?(resource: Resource): Concealed | null;
  /** What clients of this protocol read of an error; absent: a problem document (RFC 9457). Of how they may authenticate, too. */
  problem?(error: MeridianError, exchange: Exchange): Problem;
  /** At the origin: asks the remote. Fails with a `MeridianError`; an HTTP error of the remote is an `Answer`. */
  pull(ask: Ask, origin: OriginDoor): Promise<Answer>;
  /**
   * At the origin: what has to be purged throughout the network now that the remote has answered otherwise than what is
   * stored, and has been given out. Nothing, unless something has changed for sure.
   *
   * @param after the answer; 304 and failures are not asked about.
   */
  changed(named: Resource, before: Entry, after: Answer): Change | null;
  /** At the origin, where packages live here for good. */
  readonly home?: Home;
  /**
   * At the origin: keeps what is wanted for good, so that it can be had when no remote can be asked. May be repeated. What cannot be had is
   * noted by name, and the rest goes on.
   */
  mirror?(wanted: readonly Wanted[], job: Job): Promise<void>;
  /**
   * At the origin: all that a client asks for who uses one version, so that nodes can be told to have it. Of an image, the version is a tag or a digest.
   * Absent: addresses alone can be told of.
   */
  needs?(wanted: Wanted, given: NeedsGiven): Promise<Needs>;
  /** Values of `Accept` by which its clients choose among forms of one document. Absent: there is one of each. */
  readonly accepts?: readonly string[];
  /** At the origin: what is kept for good, package by package, for running totals to be held against. */
  readonly holdings?: Holdings;
  /**
   * At the origin: lets go of what is not wanted any more, by rules of retention, too, before blobs are collected. Counts what was
   * mirrored, and blobs of repositories, as `retired`, `retiredBytes`.
   */
  retire?(job: RetireJob): Promise<void>;
  /** At the origin: applies the rules of retention alone. Absent: the config has none. */
  retain?(job: RetainJob): Promise<void>;
  /** At the origin: what goes on without a request, from the moment at which the config is in force. */
  begin?(home: OriginHome): void;
  /** At the origin: what the route's policy says. Absent: this protocol has none. */
  readonly policy?: PolicyDesk;
  /** At the origin: its packages, for people who look for one. Absent: there are none that could be told. */
  readonly catalogue?: Catalogue;
  /** What its clients are going to ask for next. Absent: nothing is known of that. */
  readonly foresight?: Foresight;
  /** How each client that speaks it is pointed at the route. Absent: there is nothing to point. */
  guides?(at: RouteAddress): readonly ClientGuide[];
  /** Lets go of threads and timers. Requests under way still end. */
  close?(): void;
}

/** An error in a protocol's own words. */
export interface Problem {
  /** Media type of the body. */
  readonly type: string;
  readonly body: string;
  /** Value of `WWW-Authenticate`, for who has to authenticate; absent: the network's own. */
  readonly challenge?: string;
  /** Value of `Allow`, for whoever has used another method; absent: it is not said. */
  readonly allow?: string;
}

/** The one question that is asked about a name that there may not be. */
export interface Concealed {
  /** Path of the route that answers 200 where everybody may know of it, and 404 where not, whether there is anything or not. */
  readonly target: string;
  /** What somebody hears who may not have it, or for whom there is nothing: that he may not, or that there is nothing. */
  readonly as: 'refused' | 'absent';
}

/** What lives here, as folders of it are taken in and written. */
export interface Home {
  /** What folders that it takes in may be. */
  readonly layouts: readonly FolderIn['layout'][];
  /** May be repeated: what is there already is left as it is. What is broken is noted by name, and the rest goes on. */
  takeIn(folder: FolderIn, job: Job): Promise<void>;
  /** Writes a folder that `takeIn` takes back. What an earlier run has written is not written again. */
  giveOut(folder: FolderOut, job: Job): Promise<void>;
}

/** What there is, as its own documents say it. */
export interface Holdings {
  /** Names of packages, each once. */
  names(reader: DocumentReader, kept: Kept): AsyncIterable<string>;
  weigh(reader: DocumentReader, kept: Kept, name: string): Promise<Weight>;
  /** What may be kept here. */
  bounds(kept: Kept): Bounds;
}

/** One version, as a lock file names it. */
export interface Wanted {
  readonly name: string;
  readonly version: string;
  /**
   * As lock files write it: `sha512-<Base64>` (npm); `sha256:<hexadecimal>` (Python, cargo, gems), several with a blank between them where a
   * version has several files, each of one of them; `h1:<Base64>` of what a Go module holds. `null`: it does not say.
   */
  readonly integrity: string | null;
}

export interface FolderOut {
  /** Absolute path. */
  readonly path: string;
  /** Names of what is wanted of it, as users of the protocol write them; none: all. */
  readonly what: readonly string[];
  /** Counts what would be written, and writes nothing. */
  readonly dryRun: boolean;
}

export interface FolderIn {
  /** Absolute path: of a folder, or of one file that holds it. */
  readonly path: string;
  readonly layout: 'verdaccio' | 'tarballs' | 'oci';
  /** What it is to be called here; absent: as it says itself. */
  readonly as?: string | undefined;
  /** Moves names that stand for something else here. */
  readonly move?: boolean | undefined;
  /** What it has pulled from elsewhere, too. */
  readonly all: boolean;
  /** Looks at all of it, and changes nothing. */
  readonly dryRun: boolean;
}

/** Long work: what it may use, and how it says how far it is. */
export interface Job {
  readonly stores: Stores;
  readonly purge: OriginDoor['purge'];
  /** Another resource of the route, from its remote, by the path that clients ask for. */
  get(path: string): Promise<Answer>;
  /** How many of what: `versions`, `bytes`. */
  count(what: string, more?: number): void;
  /** A sentence for whoever has asked for it. */
  note(sentence: string): void;
  readonly signal: AbortSignal;
}

export interface RetireJob extends Pick<Job, 'stores' | 'count' | 'signal'> {
  /**
   * To be called now and then: fails when the work is to stop, or another origin is at it. Absent: there is no other one.
   * @throws `conflict`.
   */
  pace?(): Promise<void>;
}

export interface RetainJob extends RetireJob, Pick<Job, 'purge' | 'note'> {
  /** Notes what would go, each with the reason, and changes nothing. */
  readonly dryRun: boolean;
}

/** Something that is another than before. */
export interface Change {
  readonly selectors: readonly Selector[];
  /** What there was may still be served while the new one is fetched. */
  readonly soft: boolean;
  /** The key whose new answer the origin has by now: only others have to purge that one. */
  readonly seen?: string | undefined;
}

/** What the origin lends to a protocol that pulls. */
export interface OriginDoor {
  /** What is kept here for good; `null` where the config gives the origin no store. */
  readonly stores: Stores | null;
  /** Users and their tokens; `null` where there are no records of them. */
  readonly accounts: Accounts | null;
  /**
   * Purges what has been changed here, throughout the network. Resolves when all nodes that live have carried it out, or after
   * a second when it is on the bus at least.
   *
   * @param soft what there was may still be served while it is confirmed.
   * @throws `bus-unreachable`. Then it is tried again until it succeeds or the process ends.
   */
  purge(selectors: readonly Selector[], soft?: boolean): Promise<void>;
  /** Sends a request to a remote, with its credentials, time-outs and limits. */
  fetch(remote: Remote, url: string, options: RemoteRequest): Promise<Answer>;
  /** Another resource of the same route, through the origin's own cache, whole (`maxBytes` at most). */
  read(
    resource: Resource,
    ask: Ask,
    maxBytes: number,
  ): Promise<{ status: number; headers: Headers; bytes: Uint8Array }>;
  /**
   * Has another resource of the same route fetched into the origin's own cache, as if somebody had asked for it now. Resolves when it is
   * there, or turns out not to be for keeping. It does not end with the request that it is lent for.
   */
  fetchAhead(resource: Resource, ask: Ask): Promise<void>;
  /** Bytes that the origin's own cache has of it, for it has been asked for before; `null`: it has none. By the cache's index alone. */
  heldBytes(resource: Pick<Resource, 'key'>): number | null;
  /** The number of the newest purge: what is fetched from now on is newer than that. */
  readonly newestPurge: number;
  /** Whether what was fetched when the newest purge had this number may answer for the resource. */
  spares(resource: Resource, since: number): boolean;
}

/** What the origin lends to a protocol for what goes on without a request. */
export interface OriginHome extends Pick<OriginDoor, 'stores' | 'purge'> {
  /** Tells nodes what to have before anybody asks for it. */
  readonly prefetch: Prefetching;
  /** A resource of the route by the path that clients ask for, through the origin's own cache, whole. With nobody behind the request. */
  read(
    target: string,
    maxBytes: number,
  ): Promise<{ readonly status: number; readonly headers: Headers; readonly bytes: Uint8Array }>;
  warn(message: string, fields: Record<string, unknown>): void;
}

/**
 * What a protocol knows of what one client asks for next. A prediction gives nobody anything: what is fetched by it is looked at for whoever
 * comes as if he had come first, and nothing is fetched that the client who has led to it may not have.
 */
export interface Foresight extends Wording {
  /** At a PoP: what this request tells. Asked of what memory could not answer, and of guesses. Pure, and quick: it runs beside requests. `null`: nothing. */
  clue(named: Named, exchange: Exchange, doing: Doing): Clue | null;
  /** At a PoP: whether the body that comes with this request tells more. Absent: none does. */
  body?(named: Named, exchange: Exchange): TellingBody | null;
  /**
   * At a PoP: what the fields of an answer tell (`Link`), once it has come. Absent: nothing.
   * @param headers as the parent has sent them.
   */
  fields?(named: Named, headers: Headers, exchange: Exchange): readonly Foreseen[];
  /**
   * At the origin: what a client asks for next who has led to this question, the most urgent first. What is not in the origin's cache may be read
   * from upstream on the way. In bounded time, and so perhaps not all of it.
   *
   * @throws `request-malformed` for a question that `clue` has not written.
   */
  foresee(question: string, at: Foreseeing): Promise<Plan>;
}

/** What the origin lends. */
export interface Foreseeing {
  /** The PoP's; with nobody behind it. */
  readonly ask: Ask;
  readonly door: OriginDoor;
}

/** At the origin. Whatever it tells, it tells of packages that the reader may know of. */
export interface Catalogue {
  /** The best first, and by name where they are as good. */
  search(wanted: Search, lent: Lent): Promise<FoundPackages>;
  /** A package that nobody has asked for yet may be asked of its upstream, as an install would. `null`: there is none that he may know of. */
  describe(name: string, lent: Lent): Promise<Described | null>;
  /** All of it; `null`: there is none. */
  readme(name: string, lent: Lent): Promise<string | null>;
  /** The next `limit` versions, in the order of `describe`: the score of one is when it was published. `null`: as `describe`. Absent: it tells all. */
  versions?(
    name: string,
    page: { readonly limit: number; readonly after: Rank | null },
    lent: Lent,
  ): Promise<VersionPage | null>;
  /** What one version is made of. @param version a name, or a digest. `null`: there is none that he may know of. */
  artifact?(name: string, version: string, lent: Lent): Promise<Artifact | null>;
  /**
   * Takes away what lives here, for whom `lent.ask` is. @param version a name, or a digest with all its names; `null`: all of the package.
   * @throws `unauthenticated`, `forbidden` (also for what has to stay), `no-such-record`.
   */
  remove?(name: string, version: string | null, lent: Lent): Promise<void>;
}

/** What the origin lends for one question. */
export interface Lent {
  readonly ask: Ask;
  readonly origin: OriginDoor;
  readonly reader: Reader;
  readonly held: Held;
}

/** What a route lets through, for the people who run it. */
export interface PolicyDesk {
  /** @param subject as the protocol's users name one version of something: `lodash@4.17.20`. */
  explain(subject: string, ask: Ask, origin: OriginDoor): Promise<Explanation>;
  /** What was refused lately, the newest first. @throws `store-unavailable`. */
  refused(): Promise<readonly Refused[]>;
  /** What is asked of what comes from elsewhere; empty: nothing. */
  terms(): readonly PolicyTerm[];
  /** What the rules are fed with from elsewhere, in words; empty: nothing. */
  sources(): readonly PolicySource[];
}

export interface PolicyTerm {
  /** As the config calls it. */
  readonly rule: string;
  /** Completes "What may be used …". */
  readonly says: string;
  /** What it is about, as the config has it; empty: everything. */
  readonly about: readonly string[];
  /** What it is not about. */
  readonly except: readonly string[];
}

export interface Explanation {
  readonly subject: string;
  readonly verdict: 'allowed' | 'refused' | 'unknown';
  /** The verdict in a sentence. */
  readonly why: string;
  /** When it will be allowed, ms since the epoch; `null`: not by itself. */
  readonly untilMs: number | null;
  readonly rules: readonly ExplainedRule[];
}

export interface ExplainedRule {
  readonly rule: string;
  readonly passes: boolean;
  readonly why: string;
}

export interface Refused {
  readonly subject: string;
  readonly rules: readonly string[];
  readonly why: string;
  /** How often the origin was asked. */
  readonly times: number;
  /** ms since the epoch. */
  readonly lastMs: number;
}

export interface PolicySource {
  readonly path: string;
  /** When it was read, ms since the epoch; `null`: never yet. */
  readonly readMs: number | null;
  /** Why it could not be read as it is now; `null`: it could. */
  readonly error: string | null;
  readonly records: number;
}
