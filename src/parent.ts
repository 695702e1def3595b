/**
 * Where a miss goes. A PoP's parents are shields, a shield's the origin, the origin's the remotes of its
 * protocols; the cache knows only this one function.
 */
import type { Answer, Entry } from './entry.ts';
import type { Exchange } from './exchange.ts';
import type { Pass, Resource } from './resource.ts';

export interface Ask {
  readonly exchange: Exchange;
  readonly named: Resource | Pass;
  /** The stored response to confirm. The parent answers 304 when it still holds. */
  readonly stored: Entry | null;
  /** No client waits for this answer. */
  readonly background: boolean;
  /** It was foreseen: nobody waits for this answer yet, and it is not to be in anybody's way. */
  readonly isAhead?: boolean;
  /** The client asked for an answer that has been confirmed just now: the parent's own store will not do. */
  readonly reload: boolean;
  /** Only this part is wanted. The parent may send the whole all the same. */
  readonly part?: PartAsk | null;
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal;
}

/** How full a way is, all the way to the origin. */
export interface Way {
  /** That what is sent waits for what was sent before, ms. */
  readonly delayMs: number;
  /** There and back with nothing in between, ms. */
  readonly leastMs: number;
}

/** Fields of a request for a part (RFC 9110 §14.2, §13.1.5). */
export interface PartAsk {
  readonly range: string;
  /** Send the whole when this no longer names the representation. */
  readonly ifRange?: string | null;
}

/** Asks the parent. Fails with a `MeridianError`; an HTTP error of the parent is an `Answer`. */
export type Parent = (ask: Ask) => Promise<Answer>;

export interface RemoteRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly body?: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null;
  readonly signal: AbortSignal;
}

/** An upstream registry or HTTP server. */
export interface Remote {
  /** Absolute URL without a trailing slash. */
  readonly url: string;
  /** Value of the `Authorization` field for this remote alone, or none. */
  readonly authorization?: string | undefined;
}
