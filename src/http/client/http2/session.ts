/**
 * One HTTP/2 connection to a server, and the streams that are open on it (RFC 9113).
 *
 * On the runtime's `node:http2`. What it gets wrong, or leaves to its caller, is kept in hand here and in
 * `stream.ts`; decision 11 lists it.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Clock } from '../../../clock.ts';
import { MeridianError } from '../../../errors.ts';
import { type Watchdog, watchdog } from '../../watchdog.ts';
import { failureOf } from '../failure.ts';
import type { Place } from '../place.ts';

/**
 * What may be on its way to us, on a stream and on the connection: the runtime asks for more on a stream only when half
 * of what the *connection* may carry has come, so that a stream stands still for ever where the two differ.
 */
export const windowBytes = 4 * 1024 * 1024;
/** Streams at once, whatever the server allows; and before it has said what it allows. */
const mostStreams = 256;
const streamsAtFirst = 100;
/** How long a connection without streams is kept. Checks come more often, so that one to a parent stays. */
const restMs = 20_000;
/** For the answer to a PING; in steps, so that a process that was held up itself does not take that for silence. */
const pongMs = 5_000;
const pongSteps = 4;
/** All fields of an answer, as HTTP/2 counts them. */
const fieldBytes = 64 * 1024;

/** What was agreed on with the server: over TLS, that may be HTTP/1.1 alone. */
export type Agreed = 'h2' | 'http/1.1';

export interface SessionEvents {
  /** It takes no more streams; told once. */
  lost(session: Session): void;
  /** There is room for another stream. */
  room(session: Session): void;
}

export class Session {
  readonly #events: SessionEvents;
  readonly #ready = Promise.withResolvers<Agreed>();
  readonly #socket: Socket | TLSSocket;
  readonly #clock: Clock;
  readonly #idle: Watchdog;
  readonly #showsCertificate: boolean;
  #session: ClientHttp2Session | null = null;
  #streams = 0;
  #limit = streamsAtFirst;
  #isLost = false;
  #isOpen = false;
  /** A PING is under way, since somebody has waited in vain. */
  #doubted = false;
  /** The server has said what it allows: TLS is done with, on its side too. */
  #greeted = false;
  /** `Clock.elapsed()` when something of an answer last came. */
  #heardMs = 0;
  /** Why all streams have failed: the same error for all of them. */
  #failure: MeridianError | null = null;

  constructor(place: Place, clock: Clock, events: SessionEvents) {
    this.#events = events;
    this.#clock = clock;
    this.#showsCertificate = place.tls?.options.cert !== undefined;
    this.#idle = watchdog(clock, () => this.#close());
    this.#ready.promise.catch(() => {}); // when nobody waits any more, nobody needs to know
    this.#socket = dial(place);
    this.#socket.setNoDelay(true);
    this.#socket.once('error', (error) => this.#fail(error));
    this.#socket.once('close', () => this.#fail(new Error('closed')));
    this.#socket.once(place.tlsName === null ? 'connect' : 'secureConnect', () => this.#connected(place));
  }

  /** Settles when it can be used, or cannot be. Fails as `request` does. */
  get ready(): Promise<Agreed> {
    return this.#ready.promise;
  }

  /** Ready, and good for another stream. */
  get isOpen(): boolean {
    return this.#isOpen && !this.#isLost;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Its streams end with it. */
  get isBroken(): boolean {
    return this.#failure !== null || this.#session?.destroyed === true;
  }

  get hasRoom(): boolean {
    return !this.#isLost && !this.#doubted && this.#streams < this.#limit;
  }

  /** Why its streams have come to nothing; the same for all, so that it counts once. */
  get failure(): MeridianError {
    this.#failure ??= new MeridianError('upstream-unreachable', this.#closedText());
    return this.#failure;
  }

  /** Under way, or about to be. */
  get streams(): number {
    return this.#streams;
  }

  /** A place for a stream, to be given back by `release`. */
  reserve(): void {
    if (this.#streams++ > 0) return;
    this.#idle.rest();
    this.#session?.ref();
  }

  release(): void {
    this.#streams--;
    if (this.#streams === 0) this.#rest();
    if (this.hasRoom) this.#events.room(this);
  }

  /** Only once it is ready. Fails when it is lost. */
  open(fields: OutgoingHttpHeaders): ClientHttp2Stream {
    if (this.#session === null || this.#isLost) throw this.failure;
    return this.#session.request(fields, { endStream: true });
  }

  /** Something of an answer has come. */
  heard(): void {
    this.#heardMs = this.#clock.elapsed();
  }

  /**
   * Somebody has waited for an answer since then, and given up. When nothing at all has come since, the server has to
   * show that it is there; until then, and for good if it does not, other connections are used.
   */
  doubt(sinceMs: number): void {
    const session = this.#session;
    if (session === null || this.#isLost || this.#doubted || this.#heardMs >= sinceMs) return;
    this.#doubted = true;
    this.#listenFor(pongSteps, sinceMs);
    session.ping(() => {
      this.heard();
      this.#trusted();
    });
  }

  #listenFor(steps: number, sinceMs: number): void {
    this.#clock.after(pongMs / pongSteps, () => {
      if (!this.#doubted || this.#isLost) return;
      if (this.#heardMs >= sinceMs) this.#trusted();
      else if (steps > 1) this.#listenFor(steps - 1, sinceMs);
      else this.destroy();
    });
  }

  #trusted(): void {
    this.#doubted = false;
    if (this.hasRoom) this.#events.room(this);
  }

  /** Closes it at once, with all its streams. */
  destroy(): void {
    this.#fail(new Error('closed'));
  }

  #connected(place: Place): void {
    if (this.#isLost) return;
    if ('alpnProtocol' in this.#socket && this.#socket.alpnProtocol !== 'h2') {
      this.#ready.resolve('http/1.1');
      this.#lose();
      this.#socket.destroy();
      return;
    }
    const session = connect(`${place.tlsName === null ? 'http' : 'https'}://${place.authority}`, {
      createConnection: () => this.#socket,
      settings: { initialWindowSize: windowBytes, enablePush: false, maxHeaderListSize: fieldBytes },
    });
    this.#session = session;
    session.on('error', (error) => this.#fail(error));
    session.on('close', () => this.#fail(new Error('closed')));
    session.on('goaway', () => this.#lose());
    session.on('remoteSettings', ({ maxConcurrentStreams = mostStreams }) => {
      this.#greeted = true;
      this.#limit = Math.min(maxConcurrentStreams, mostStreams);
      if (this.hasRoom) this.#events.room(this);
    });
    session.once('connect', () => {
      session.setLocalWindowSize(windowBytes);
      this.#isOpen = true;
      this.#ready.resolve('h2');
      if (this.#streams === 0) this.#rest();
    });
  }

  #rest(): void {
    // Nobody waits for it to be opened any more, or it takes no more streams.
    if (this.#session === null) this.destroy();
    if (this.#isLost) {
      this.#close();
      return;
    }
    this.#session?.unref();
    this.#idle.wait(restMs);
  }

  /** What is under way goes on. */
  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#events.lost(this);
  }

  #close(): void {
    this.#lose();
    this.#idle.stop();
    this.#session?.close();
  }

  #fail(thrown: Error): void {
    const code = 'code' in thrown ? String(thrown.code) : '';
    if (this.#failure === null && (thrown.message !== 'closed' || this.#session === null)) {
      const failed = code.startsWith('ERR_HTTP2') ? notHttp2(code, thrown) : failureOf(thrown, 'head');
      if (failed instanceof MeridianError) this.#failure = failed;
    }
    this.#ready.reject(this.failure);
    this.#lose();
    this.#idle.stop();
    this.#session?.destroy();
    this.#socket.destroy();
  }

  #closedText(): string {
    // TLS 1.3 says nothing of what it thinks of a client's certificate before the first request is written.
    const doubt = this.#showsCertificate && !this.#greeted;
    const why = doubt ? '; it may not accept the certificate of this node' : '';
    return `the upstream closed the connection before it answered${why}`;
  }
}

function notHttp2(code: string, cause: Error): MeridianError {
  return new MeridianError('upstream-invalid', `the upstream does not speak HTTP/2 as it should (${code})`, {
    cause,
  });
}

function dial({ address, tlsName, tls }: Place): Socket | TLSSocket {
  const to = 'unix' in address ? { path: address.unix } : { host: address.hostname, port: address.port };
  if (tlsName === null) return connectPlain(to);
  // An address is verified as what is connected to, and must not be named (RFC 6066 §3).
  const name = isIP(tlsName) === 0 ? { servername: tlsName } : {};
  return connectTls({ ...to, ...name, ...tls?.options, ALPNProtocols: ['h2', 'http/1.1'] });
}
