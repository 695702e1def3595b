/**
 * What a request asks for, in its protocol's terms: the answer of `Protocol.name`.
 */
import type { MeridianError } from './errors.ts';
import type { Deed, GivenTicket, TicketWish } from './identity.ts';

declare const cacheKey: unique symbol;

/** The name of a response in a cache: `<route> <what the protocol calls it>`. Printable, no line breaks. */
export type CacheKey = string & { readonly [cacheKey]: true };

/** Header fields in order; names in lower case. */
export type FieldList = readonly (readonly [name: string, value: string])[];

/** Something that may be stored and shared. */
export interface Resource {
  readonly as: 'resource';
  readonly key: CacheKey;
  /** The protocol's word for it: `packument`, `tarball`, `page`. Goes into logs and metrics. */
  readonly kind: string;
  /** The package, repository or page that it belongs to, as rights name it. Absent: the route as a whole. */
  readonly subject?: string;
  /** It is for those only who have the right by name, whether it is there or not. Absent: its answer says whether (`meridian-access`). */
  readonly isRestricted?: boolean;
  /** It is the thing itself, such as a tarball, and not something about it: who is given all of it has downloaded it. */
  readonly isDownload?: boolean;
  /**
   * Of no use to a client before it has all of it: so it gets it at once when all has come, and with its length, which the runtime does not
   * give to what is still arriving.
   */
  readonly isDocument?: boolean;
  /** Surrogate keys: purging a tag purges every entry that bears it. */
  readonly tags: readonly string[];
  /**
   * The fields that a parent is asked with. `client`: the client's own end-to-end fields (what `Vary` names
   * may then tell variants apart). A list: exactly these, because the key already says everything that
   * the answer depends on.
   */
  readonly ask: 'client' | FieldList;
  /**
   * A range of it may be fetched without the rest. Not for what has to be seen whole: because a digest of the whole is
   * to be checked, or because the PoP rewrites it. `ahead`: it is fetched whole, and checked so; only what lies far ahead of what has
   * come of it is had in parts meanwhile, for as long as that takes.
   */
  readonly inParts?: boolean | 'ahead';
  /** How long the answer may be kept where it does not say so itself. `undefined`: then not at all. */
  readonly freshness?: FreshnessPolicy | undefined;
  /** The key is an address with its query, so that `No-Vary-Search` may say what of it counts. */
  readonly hasQuery?: boolean | undefined;
  /**
   * Its clients ask for it with `max-age=0` as a matter of course, and not because something is wrong: how old it may be, the route says. Such
   * directives are advisory (RFC 9111 §5.2.1); `no-cache` and `min-fresh` count all the same.
   */
  readonly agesByRoute?: boolean | undefined;
  /**
   * What its address means once, it means for good, whoever asks. Some clients say `no-cache` or `no-store` of all that they ask for: of this, an answer
   * that calls itself immutable is what they would be given anyhow, so that says nothing (RFC 9111 §5.2.1: such directives are advisory).
   */
  readonly neverChanges?: boolean | undefined;
  /** `false`: an answer that sets a cookie is never stored, whatever it says. */
  readonly keepsCookies?: boolean | undefined;
  /** The same for errors. */
  readonly negative?: NegativePolicy | undefined;
  /** Whether a PoP compresses what comes without a coding. */
  readonly compress?: boolean;
  /** What a PoP keeps of it is made for its own clients (`Protocol.rewrite`), and of no use to another PoP. */
  readonly rendered?: boolean;
}

/** Something that goes to the parent every time. */
export interface Pass {
  readonly as: 'pass';
  readonly kind: string;
  readonly why: 'bypass' | 'method';
  /** What it does to what. Absent: it reads, from the route as a whole. */
  readonly deed?: Pick<Deed, 'action' | 'subject'>;
  /**
   * Whom the PoP lets through. Absent: whoever may do the deed. `account`: whoever has a token, about himself. `anybody`: the
   * request itself shows the origin who asks, by a password or an identity token, so the PoP looks for no credential. `upstream`: the
   * request shows a credential of the upstream's, which judges it; where not everybody may read the route, that lets nobody in.
   */
  readonly audience?: 'account' | 'anybody' | 'upstream';
  readonly ask: 'client' | FieldList;
  /** Its body is a blob, which may be longer than others (`limits.blobBytes`). */
  readonly bringsBlob?: boolean;
  /** What such a request makes outdated when it is unsafe and succeeds with these fields (RFC 9111 §4.4). */
  readonly outdates?: (answer: Headers) => readonly CacheKey[];
  /** What its answer with these fields may also stand for, if it says for how long (RFC 9110 §9.3.3). */
  readonly standsFor?: (answer: Headers) => Resource | null;
}

/** Something that the node answers by itself. */
export interface Answered {
  readonly as: 'answer';
  readonly kind: string;
  /**
   * Whom a PoP gives it to. Absent: everybody. `shown`: whoever shows a credential that is good, were it nobody's in particular; `reader`: him,
   * and everybody where everybody may read the route.
   */
  readonly audience?: 'shown' | 'reader';
  readonly status: number;
  readonly fields: FieldList;
  readonly body: string;
}

/** Something that the node answers by itself once it has read what the request brings. */
export interface Taken {
  readonly as: 'taken';
  readonly kind: string;
  /** @throws MeridianError */
  readonly take: () => Promise<Answered>;
}

/** A request for a ticket, which the PoP answers (`node/ticket.ts`). */
export interface Ticketing {
  readonly as: 'ticket';
  readonly kind: string;
  /** @throws MeridianError for a request that cannot be understood. */
  readonly wish: () => Promise<TicketWish>;
  /** In the protocol's words. */
  readonly told: (given: GivenTicket) => Answered;
}

/** Something that the protocol refuses to do. */
export interface Refused {
  readonly as: 'refusal';
  readonly kind: string;
  readonly error: MeridianError;
}

export type Named = Resource | Pass | Answered | Taken | Ticketing | Refused;

/** Seconds. A route's own times for responses that carry none, and its extension of those that do. */
export interface FreshnessPolicy {
  readonly freshS?: number | undefined;
  /** What is older than `freshS` when it comes is used for that long all the same, up to this age: the parent vouches for it. */
  readonly vouchedS?: number | undefined;
  readonly staleWhileRevalidateS?: number | undefined;
  readonly staleIfErrorS?: number | undefined;
  /** What is fresh is confirmed in the background all the same when it is wanted after this time. */
  readonly revalidateS?: number | undefined;
}

/** A route's own time for errors that carry none. */
export interface NegativePolicy {
  /** From 400 on. */
  readonly statuses: readonly number[];
  /** Seconds. */
  readonly freshS?: number | undefined;
}
