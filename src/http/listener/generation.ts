/**
 * One server with one certificate. A listener has one of them, and for a while two when its certificate changes.
 */
import { canonicalAddress } from '../cidr.ts';

/** In PEM. With `ca`, clients need a certificate. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly requestCert?: boolean;
  readonly rejectUnauthorized?: boolean;
}

export interface GenerationOptions<Caller> {
  readonly host: string;
  readonly port: number;
  /** Instead of both. */
  readonly unix?: string | undefined;
  readonly tls: TlsOptions | undefined;
  readonly http2: boolean;
  readonly http3: boolean;
  readonly idleTimeoutS: number;
  readonly bodyBytes: number;
  /** Whether another generation may come to the same address. */
  readonly shared: boolean;
  /** Only connections that the front has made are served. */
  readonly behindFront: boolean;
  /** The second parameter of `handle`. */
  readonly caller: (generation: Generation) => Caller;
  readonly draining: () => boolean;
  /** A connection came to nothing, as far as the server tells: Bun's own does not. */
  readonly refused: (peer: string, why: string) => void;
  readonly handle: (request: Request, caller: Caller) => Response | Promise<Response>;
  readonly failed: (error: unknown) => Response;
}

export interface Generation {
  readonly port: number;
  /** Behind a front: the port that a connection comes from → the client whose connection it carries. */
  readonly clients: Map<number, string>;
  clientAddress(request: Request): string;
  /** Sets the time-out of the connection, until the next request comes on it. */
  patience(request: Request, seconds: number): void;
  /** Sends an interim response, if the server can. */
  inform(request: Request, status: number, headers: Headers): void;
  /** Requests whose responses are not complete. */
  pending(): number;
  /** Takes no more connections. Resolves when the last one is closed: at once, if told to `abort` them. */
  stop(abort?: boolean): Promise<void>;
}

/** The longest time-out that Bun knows. */
export const longestTimeoutS = 255;

/**
 * Bun's own limit on bodies, in case that somebody reads one past ours: it answers with a bare 413, which no log
 * knows of, so it stands well behind the limit that refuses with a reason.
 */
const lastResort = 2;

/** A Bun.serve. Fails when the address is taken, or the certificate cannot be used. */
export function openGeneration<Caller>(options: GenerationOptions<Caller>): Generation {
  const { host, port, unix, tls, http2, http3, idleTimeoutS, bodyBytes, handle, failed, draining } = options;
  const clients = new Map<number, string>();
  /** The last request whose time-out was set on purpose. */
  let patientWith: Request | null = null;

  const common = {
    maxRequestBodySize: bodyBytes * lastResort,
    // Without this and `reusePort`, an error is answered with a page of source code, and `development: false` alone
    // sets SO_REUSEPORT, so that a second process could listen at the same address without noticing.
    development: false as const,
    fetch: options.behindFront ? serveBehindFront : serve,
    error: failed,
  };
  const idleTimeout = Math.min(idleTimeoutS, longestTimeoutS);
  const reusePort = options.shared;
  /**
   * Bun knows `idleTimeout` at a socket, too, though its types do not, and goes by its own 10 s without it: `server.timeout` has no
   * effect there. Who connects to a socket is of this machine, and has time.
   */
  const atSocket = (path: string) => {
    const options = { ...common, unix: path };
    Reflect.set(options, 'idleTimeout', longestTimeoutS);
    return options;
  };
  const server =
    unix === undefined
      ? Bun.serve({
          ...common,
          hostname: host,
          port,
          reusePort,
          ...(tls && { tls }),
          http2,
          http3,
          idleTimeout,
        })
      : Bun.serve(atSocket(unix));

  function serve(request: Request): Response | Promise<Response> {
    const response = handle(request, caller);
    if (response instanceof Promise) {
      // Bun counts the time until the first byte, and between bytes that a slow client takes, as idle.
      if (patientWith !== request) server.timeout(request, longestTimeoutS);
      patientWith = null;
      return draining() ? response.then(lastOnConnection) : response;
    }
    return draining() ? lastOnConnection(response) : response;
  }

  function serveBehindFront(request: Request): Response | Promise<Response> {
    const peer = server.requestIP(request);
    if (peer !== null && clients.has(peer.port)) return serve(request);
    return new Response(null, { status: 403, headers: { connection: 'close' } });
  }

  const generation: Generation = {
    port: server.port ?? 0,
    clients,
    clientAddress(request) {
      const peer = server.requestIP(request);
      return clientAt(peer?.address, peer?.port, options.behindFront ? clients : null);
    },
    patience(request, seconds) {
      patientWith = request;
      server.timeout(request, seconds);
    },
    inform() {}, // Bun.serve has no way to
    pending: () => server.pendingRequests,
    stop: (abort) => server.stop(abort),
  };
  const caller = options.caller(generation);
  return generation;
}

/** What RFC 7239 §6.2 calls a client whose address is not known. */
const unknownClient = 'unknown';

/** @param carried behind a front, whom the connection from this port belongs to. */
export function clientAt(
  address: string | undefined,
  port: number | undefined,
  carried: ReadonlyMap<number, string> | null,
): string {
  if (address === undefined) return unknownClient;
  return carried === null ? shorten(address) : (carried.get(port ?? 0) ?? unknownClient);
}

/** A dual-stack socket shows `::ffff:192.0.2.1`. */
function shorten(address: string): string {
  return address.startsWith('::ffff:') ? (canonicalAddress(address) ?? address) : address;
}

/** RFC 9112 §9.6. Bun leaves the field out of HTTP/2 and HTTP/3, where GOAWAY says it. */
export function lastOnConnection(response: Response): Response {
  response.headers.set('connection', 'close');
  return response;
}
