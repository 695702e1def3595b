/**
 * What a caller says of a request to another server.
 */
import type { Clock } from '../../clock.ts';
import type { Leash } from './leash.ts';
import type { Bounds, Lane } from './pool.ts';
import type { ClientTls } from './tls.ts';

/** Milliseconds. */
export interface ClientTimeouts {
  /** Until there is a connection: made, and with TLS verified; or until one is free, when there are too many. */
  readonly connectMs?: number | undefined;
  /** From the last byte of the request, or the last interim response, to the head of the answer. */
  readonly firstByteMs: number;
  /** Until the next byte of the body, while it is asked for. */
  readonly betweenBytesMs: number;
}

export interface ClientRequest {
  readonly method: string;
  /** Stays as it is. `User-Agent` and `Accept-Encoding: identity` are sent where it has none. */
  readonly headers: Headers;
  /** A stream is sent in chunks, or with the `Content-Length` of `headers`, and then must be as long as that. */
  readonly body?: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null | undefined;
  /** Ends the request, and the reading of the answer's body, with its reason, and closes the connection. */
  readonly signal: AbortSignal;
  /** Does the same when it is pulled. */
  readonly leash?: Leash | undefined;
  readonly timeouts: ClientTimeouts;
  readonly clock: Clock;
  /** Hears of each interim response (102, 103, …; not 100) before the answer comes. */
  readonly inform?: ((status: number, headers: Headers) => void) | undefined;
  /** Path of a socket to connect to, whatever the host of the URL. */
  readonly unix?: string | undefined;
  /**
   * To another node of our network: never through the HTTP proxy that the environment names, and its word about the
   * length of a body in chunks counts (`Meridian-Length`).
   */
  readonly direct?: boolean | undefined;
  /** What to show over `https:`, and whom to believe; without it, nothing, and whom the system believes. */
  readonly tls?: ClientTls | undefined;
  /**
   * Over HTTP/2, if the request has no body: over TLS where the server agrees, without TLS in any case.
   */
  readonly http2?: boolean | undefined;
  /**
   * Connections of their own, apart from all others to that server, for what is not to be in anybody's way: an answer on a connection that others use
   * takes its share of what that carries.
   */
  readonly lane?: Lane | undefined;
  /** Connections to that server, and requests that wait for one; without it, 1,024 each. */
  readonly bounds?: Bounds | undefined;
}
