/**
 * Where a node is reached: one address, with HTTP/1.1 and, over TLS, HTTP/2 and HTTP/3 at it.
 *
 * Around Bun.serve, whose HTTP/2 and HTTP/3 are young: what the rest of Meridian needs of them is behind this one
 * interface. It adds what Bun does not have (certificates that change while it serves, the PROXY protocol, draining
 * with a bound, time-outs for slow links), and nothing to the way of a request that is answered at once.
 */
import type { Clock } from '../clock.ts';
import {
  type Certificate,
  type CertificateFiles,
  readCertificate,
  watchCertificate,
} from './certificates.ts';
import { cidrSet } from './cidr.ts';
import { cannotListen, claim, listenerUrl } from './listener/address.ts';
import { bodyWithin } from './listener/body.ts';
import { settled } from './listener/drain.ts';
import { type Front, openFront } from './listener/front.ts';
import { type Generation, longestTimeoutS, openGeneration, type TlsOptions } from './listener/generation.ts';
import { openInformational } from './listener/informational.ts';
import { lingered, requestExpected } from './listener/linger.ts';
import { unlisten } from './listener/unlisten.ts';
import type { FileWatch } from './watch-files.ts';

export { requestFault } from './listener/fault.ts';

export interface ListenerOptions {
  readonly host: string;
  /** TCP, and UDP for HTTP/3. 0: the system chooses one. */
  readonly port: number;
  /** Path of a socket to listen on instead of host and port. */
  readonly unix?: string | undefined;
  /** Other processes may listen at the same address, and each gets its part of the connections (`SO_REUSEPORT`). */
  readonly reusePort?: boolean | undefined;
  readonly tls?: CertificateFiles | undefined;
  readonly http2: boolean;
  /** Needs `tls`. Bun announces it by `Alt-Svc` on the other versions' responses. */
  readonly http3: boolean;
  /**
   * Sends interim responses (102, 103), and the `Content-Length` of bodies that stream: with another server, which
   * takes about four times as long for a hit. Not with `http3`.
   */
  readonly informational?: boolean | undefined;
  /** Every connection begins with a PROXY protocol header, from one of `trustedProxies`. */
  readonly proxyProtocol: boolean;
  /** Address blocks. Not looked at without `proxyProtocol`. */
  readonly trustedProxies: readonly string[];
  /** Seconds, 255 at most, after which a connection is closed on which nothing moves. */
  readonly idleTimeoutS: number;
  readonly bodyBytes: number;
  /** What `body` may be told to take instead, at most. */
  readonly longestBodyBytes?: number | undefined;
  readonly clock: Clock;
  readonly log: ListenerLog;
  /** A response that is known at once is best returned as it is: a promise costs as much as the rest of a hit. */
  readonly handle: (request: Request, listener: Listener) => Response | Promise<Response>;
  /** The response to what `handle` has thrown. */
  readonly failed: (error: unknown) => Response;
}

export interface ListenerLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface Listener {
  /** Without a trailing slash: `https://127.0.0.1:8443`. */
  readonly url: string;
  readonly port: number;
  /** Every response is the last one on its connection, and soon no more connections are taken. */
  readonly draining: boolean;
  /** IPv4 in its own form, even on a dual-stack socket. `unknown` once the client is gone. */
  clientAddress(request: Request): string;
  /** The request's body, within the listener's limits: see `bodyWithin`. Instead of `request.body`, and once. */
  body(request: Request, atMost?: number): ReadableStream<Uint8Array> | null;
  /**
   * For how long nothing may move on the connection of this request before it is closed: 255 s at most, 0 for ever.
   * Holds until the next request on that connection. Without a word, it is `idleTimeoutS` for a response that `handle`
   * returns at once, and 255 s for one that it promises. A slow client takes a large body in steps of some
   * megabytes, as far as Bun can see, so one that is returned at once may need more than `idleTimeoutS`.
   */
  patience(request: Request, seconds: number): void;
  /** Sends an interim response to a request that is not answered yet, if the listener is `informational`. */
  inform(request: Request, status: number, headers: Headers): void;
  /** Requests whose responses are not complete. */
  pending(): number;
  /** Takes changed certificate files into use now, instead of in a few seconds. Fails when they are unusable. */
  reloadCertificates(): Promise<void>;
  /**
   * Takes no more connections (`unlisten.ts`), and closes those that there are with their next response (`linger.ts`). Then
   * waits for the responses under way, and cuts off what is left after `graceMs`.
   */
  drain(graceMs: number): Promise<void>;
}

/** Fails, with a sentence for the person who starts the node, when the address or the certificate cannot be used. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const mistake = contradiction(options);
  if (mistake !== null) throw cannotListen(options.host, options.port, new Error(mistake));
  const { host, port, tls, http3 } = options;
  const certificate = tls && (await readCertificate(tls));
  try {
    const mayBeTaken = options.reusePort === true || options.unix !== undefined || port === 0;
    if ((shares(options) || options.informational) && !mayBeTaken) await claim(host, port, http3);
    return new OpenListener(options, certificate).view;
  } catch (error) {
    throw cannotListen(host, port, error);
  }
}

/**
 * Whether another server comes to the address of this one: that of another process, or the one with the next certificate.
 * Behind a front each has its own.
 */
function shares({ tls, proxyProtocol, reusePort }: ListenerOptions): boolean {
  return !proxyProtocol && (reusePort === true || tls !== undefined);
}

function contradiction(options: ListenerOptions): string | null {
  const { tls, http3, informational, proxyProtocol, trustedProxies } = options;
  if (http3 && informational) return 'interim responses are not sent over HTTP/3';
  if (http3 && tls === undefined) return 'HTTP/3 needs TLS';
  if (http3 && tls?.clientCa !== undefined) return 'clients are not asked for certificates over HTTP/3';
  if (http3 && proxyProtocol) return 'the PROXY protocol does not exist for HTTP/3';
  if (proxyProtocol && trustedProxies.length === 0) return 'the PROXY protocol needs trusted proxies';
  return null;
}

/** What a listener is made of. Opened by its constructor, closed by `drain`. */
class OpenListener {
  readonly view: Listener;
  readonly url: string;
  readonly port: number;
  drained: Promise<void> | null = null;
  readonly options: ListenerOptions;
  readonly #front: Front | null;
  /** The one that takes connections. */
  #newest: Generation;
  /** This one, and those that are finishing what they have begun. */
  readonly #generations = new Set<Generation>();
  readonly #watch: FileWatch | null = null;
  /** Responses since it began to drain. */
  #lastAnswers = 0;

  constructor(options: ListenerOptions, certificate: Certificate | undefined) {
    const { host, tls, proxyProtocol, clock } = options;
    this.options = options;
    this.#newest = this.#open(options.port, certificate);
    this.#front = proxyProtocol ? this.#openFront() : null;
    this.port = this.#front?.port ?? this.#newest.port;
    this.url = listenerUrl(tls ? 'https' : 'http', host, this.port);
    this.view = new ListenerView(this, this.#newest);
    if (tls === undefined || certificate === undefined) return;
    const use = (next: Certificate) => this.#replace(next);
    const unusable = (error: unknown) => {
      const fields = { url: this.url, ...tls, error };
      options.log.error('changed certificate files cannot be used, so the certificate stays', fields);
    };
    this.#watch = watchCertificate({ files: tls, inUse: certificate, clock, use, unusable });
  }

  #open(port: number, certificate: Certificate | undefined): Generation {
    const { options } = this;
    const behindFront = options.proxyProtocol;
    const openServer = options.informational ? openInformational : openGeneration;
    const generation = openServer({
      ...options,
      bodyBytes: Math.max(options.bodyBytes, options.longestBodyBytes ?? 0),
      ...(behindFront ? { host: '127.0.0.1', port: 0 } : { port }),
      tls: certificate && tlsOf(certificate),
      shared: shares(options),
      behindFront,
      draining: () => this.#isLastAnswer(),
      refused: (peer, why) => this.#refused(peer, why),
      caller: (own) => new ListenerView(this, own),
    });
    this.#generations.add(generation);
    return generation;
  }

  #openFront(): Front {
    const { host, port, reusePort = false, trustedProxies, clock } = this.options;
    const trusted = cidrSet(trustedProxies);
    const refused = (peer: string, why: string) => this.#refused(peer, why);
    try {
      return openFront({ host, port, reusePort, trusted, target: () => this.#newest, clock, refused });
    } catch (error) {
      void this.#newest.stop(true);
      throw error;
    }
  }

  /**
   * Bun cannot change the certificate of a server that runs (`reload` takes it, and goes on with the old one). So
   * another server comes to the same address, or behind the same front, and then the one before stops: it
   * finishes what it has begun. Without a front, the system drops connections that are just being made to the old
   * server (one, say, when a hundred come in a second from 20 ms away), unless net.ipv4.tcp_migrate_req is 1; and
   * HTTP/3 connections may break, since packets do not find the server that knows them.
   */
  #replace(next: Certificate): void {
    const before = this.#newest;
    this.#newest = this.#open(this.port, next);
    this.options.log.info('a changed certificate is in use', { url: this.url, validTo: next.validTo });
    void before.stop().then(() => this.#generations.delete(before));
  }

  #refused(peer: string, why: string): void {
    this.options.log.warn('a connection was refused', { url: this.url, peer, why });
  }

  /** Asked once for each response. */
  #isLastAnswer(): boolean {
    if (this.drained === null) return false;
    this.#lastAnswers++;
    return true;
  }

  pending(): number {
    let sum = 0;
    for (const generation of this.#generations) sum += generation.pending();
    return sum;
  }

  async reloadCertificates(): Promise<void> {
    await this.#watch?.check();
  }

  async drain(graceMs: number): Promise<void> {
    this.#watch?.stop();
    const { clock, unix, host } = this.options;
    // What another worker connects to is not told to go elsewhere.
    const goesElsewhere = graceMs > 0 && unix === undefined;
    if (goesElsewhere) await unlisten(host, this.port, clock);
    await lingered({
      answered: () => this.#lastAnswers,
      pending: () => this.pending(),
      expected: async () => goesElsewhere && (await requestExpected(this.port)),
      graceMs,
      clock,
    });
    this.#front?.close();
    const generations = [...this.#generations];
    const stopped = Promise.all(generations.map((generation) => generation.stop()));
    await settled({ stopped, pending: () => this.pending(), graceMs, clock: this.options.clock });
    await Promise.all(generations.map((generation) => generation.stop(true)));
    this.#front?.abort();
  }
}

/** Whoever has no certificate that `clientCa` vouches for is refused by TLS itself. */
function tlsOf({ cert, key, clientCa }: Certificate): TlsOptions {
  if (clientCa === undefined) return { cert, key };
  return { cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true };
}

/** A listener as those requests see it that come to one generation of its servers. */
class ListenerView implements Listener {
  readonly #opened: OpenListener;
  readonly #generation: Generation;

  constructor(opened: OpenListener, generation: Generation) {
    this.#opened = opened;
    this.#generation = generation;
  }

  get url(): string {
    return this.#opened.url;
  }

  get port(): number {
    return this.#opened.port;
  }

  get draining(): boolean {
    return this.#opened.drained !== null;
  }

  clientAddress(request: Request): string {
    return this.#generation.clientAddress(request);
  }

  body(request: Request, atMost?: number): ReadableStream<Uint8Array> | null {
    if (request.body === null) return null;
    const { options } = this.#opened;
    const { bodyBytes, longestBodyBytes = bodyBytes } = options;
    const limits = { bodyBytes: atMost === undefined ? bodyBytes : Math.min(atMost, longestBodyBytes) };
    // Bun wants 16 KiB/s of a body, or closes the connection at its time-out. Our own bound is the one that counts.
    this.patience(request, 0);
    return bodyWithin(request, limits, options.clock, () => this.patience(request, longestTimeoutS));
  }

  patience(request: Request, seconds: number): void {
    this.#generation.patience(request, seconds);
  }

  inform(request: Request, status: number, headers: Headers): void {
    this.#generation.inform(request, status, headers);
  }

  pending(): number {
    return this.#opened.pending();
  }

  reloadCertificates(): Promise<void> {
    return this.#opened.reloadCertificates();
  }

  drain(graceMs: number): Promise<void> {
    this.#opened.drained ??= this.#opened.drain(graceMs);
    return this.#opened.drained;
  }
}
