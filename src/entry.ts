/**
 * A stored response: everything that is known of it, without the bytes of its body.
 */
import type { CacheKey, FieldList } from './resource.ts';

/** How long a stored response may be used (RFC 9111 §4.2, RFC 5861). Written once, when it is stored or confirmed. */
export interface Freshness {
  /** When the response was received, ms since the epoch. */
  readonly receivedMs: number;
  /** `corrected_initial_age`: how old it was by then, in seconds (RFC 9111 §4.2.3). */
  readonly initialAgeS: number;
  /** `freshness_lifetime`, in seconds (RFC 9111 §4.2.1). */
  readonly lifetimeS: number;
  /** Seconds past its lifetime in which it may be served while it is revalidated. */
  readonly staleWhileRevalidateS: number;
  /** Seconds past its lifetime in which it may be served when the parent fails. */
  readonly staleIfErrorS: number;
  /** The same when the parent cannot be reached at all (RFC 9111 §4.2.4). */
  readonly staleIfDisconnectedS: number;
  /** Says that it will not change while it is fresh (RFC 8246). */
  readonly immutable: boolean;
  /** `no-cache`: never served without asking first. */
  readonly alwaysRevalidate: boolean;
  /** `must-revalidate` and its kin: never served stale, whatever fails. */
  readonly neverStale: boolean;
  /** Seconds after which it is confirmed in the background when it is next wanted, though it is still fresh. */
  readonly revalidateS?: number | undefined;
  /** Stale only because this node may have missed that it was purged. */
  readonly suspect?: boolean;
}

/** What is known of a response as soon as its head has arrived. */
export interface Head {
  readonly key: CacheKey;
  readonly status: number;
  /** End-to-end fields as they were received, names in lower case. */
  readonly fields: FieldList;
  /** The request fields that selected this response, normalised (RFC 9111 §4.1): `[name, value]`. */
  readonly selecting: FieldList;
  readonly tags: readonly string[];
  readonly freshness: Freshness;
  readonly etag: string | null;
  /** Milliseconds since the epoch, when the response had a valid `Last-Modified`. */
  readonly lastModifiedMs: number | null;
  /**
   * The parent's validator, when the body was rewritten at this tier: revalidation asks the parent with
   * this one, and clients with `etag`.
   */
  readonly sourceEtag: string | null;
}

/** A whole stored response, apart from the bytes of its body. */
export interface Entry extends Head {
  /** The number of the newest purge that it is known to have survived (see `cache/purge/`). */
  readonly asOf: number;
  readonly sizeBytes: number;
  /** SHA-256 of the body, hex: its address on disk and its check after a restart. Empty for what memory alone has. */
  readonly sha256: string;
}

/** A response on its way in: from a parent, a remote, or a protocol. The body is read once. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null;
  /** The status that the parent sent, where this is something else made of it. */
  readonly sentAs?: number;
  /**
   * All of `body` as a file of this node's own, which nobody compares with its digest as it is read: for other nodes, who do that. A long
   * one is sent from where it is instead of being stored.
   */
  readonly file?: Blob | undefined;
}
