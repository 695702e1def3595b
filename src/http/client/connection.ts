/**
 * One connection to a server: opened, through a proxy's tunnel and with TLS where the place wants it, and then used
 * for one request after the other, each of which has its turn.
 *
 * On Bun's own sockets, which cost much less than those of `node:net`. Each piece of data is memory of its own.
 */
import type { Socket, SocketHandler } from 'bun';
import type { Place } from './place.ts';
import { openTunnel } from './tunnel.ts';

/** Who hears what the other end says. */
export interface Turn {
  heard(bytes: Buffer): void;
  /** The connection is gone; `inOrder`: the other end has said all it wanted to. Nothing else is heard after this. */
  closed(inOrder: boolean, error: unknown): void;
}

type Wire = Socket<Connection>;

export class Connection {
  /** Told once, when the connection is gone, or could not be opened. */
  readonly #lost: (connection: Connection) => void;
  readonly #ready = Promise.withResolvers<void>();
  readonly #tls: boolean;
  /** Whether it shows a certificate, of which the other end may think what it likes. */
  readonly showsCertificate: boolean;
  #socket: Wire | null = null;
  #isGone = false;
  #turn: Turn | null = null;
  /** What the socket has not taken yet. Nobody writes before that is gone, so it is one piece. */
  #unsent: Uint8Array | null = null;
  #drained: (() => void) | null = null;
  #paused = false;
  /** Requests that have had their turn, the present one too. */
  #turns = 0;
  /** `Clock.elapsed()` from when on it is too old for another request. */
  expiresMs = 0;
  /** How long it may rest between two requests, if the other end has said. */
  restMs: number | null = null;

  /** Fails (see `ready`) as the system or TLS says, and has no time-out: whoever waits no longer destroys it. */
  constructor(place: Place, lost: (connection: Connection) => void) {
    this.#lost = lost;
    this.#tls = place.tlsName !== null;
    this.showsCertificate = place.tls?.options.cert !== undefined;
    this.#connect(place).catch((error) => this.#gone(false, error));
  }

  /** Settles when it can be used, or cannot be opened. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** Whether it has carried a request before the present one. */
  get kept(): boolean {
    return this.#turns > 1;
  }

  get gone(): boolean {
    return this.#isGone;
  }

  begin(turn: Turn): void {
    this.#turns++;
    this.#turn = turn;
    if (this.#turns === 1) return;
    this.#socket?.timeout(0);
    this.#socket?.ref();
  }

  /** The turn is over, and the connection as good as before. It does not keep the process alive, and closes in time. */
  rest(forMs: number): void {
    this.#turn = null;
    this.resume();
    this.#socket?.unref();
    this.#socket?.timeout(Math.ceil(forMs / 1000));
  }

  /** Closes it at once. Whose turn it is hears nothing of that. */
  destroy(): void {
    const socket = this.#socket;
    this.#turn = null;
    this.#gone(false, undefined);
    socket?.terminate();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket?.resume();
  }

  /** `null` when the socket has taken all of it; else a promise that is kept when it has, or is gone. */
  write(bytes: Uint8Array): Promise<void> | null {
    const written = this.#socket?.write(bytes) ?? -1;
    if (written < 0 || written === bytes.length) return null;
    this.#unsent = bytes.subarray(written);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    return promise;
  }

  async #connect(place: Place): Promise<void> {
    const { address, tlsName, tunnel } = place;
    const shown = place.tls?.options;
    // Without a name to verify, the runtime takes the one that is connected to.
    const tls = tlsName === null ? null : { ...shown, rejectUnauthorized: true, serverName: tlsName };
    const socket = Connection.#handlers;
    if (tunnel !== null && tls !== null && !('unix' in address)) {
      const way = await openTunnel(address, place);
      way.upgradeTLS({ data: this, socket, tls });
      return;
    }
    const options = { data: this, allowHalfOpen: true, socket, ...(tls && { tls }) };
    await ('unix' in address
      ? Bun.connect<Connection>({ ...options, ...address })
      : Bun.connect<Connection>({ ...options, ...address }));
  }

  static readonly #handlers: SocketHandler<Connection> = {
    open: (socket) => socket.data.#opened(socket),
    handshake: (socket, success, error) => socket.data.#verified(success, error),
    data: (socket, bytes) => socket.data.#heard(bytes),
    drain: (socket) => socket.data.#drain(),
    end: (socket) => {
      socket.data.#gone(true, undefined);
      socket.terminate();
    },
    timeout: (socket) => socket.data.destroy(),
    error: (socket, error) => socket.data.#gone(false, error),
    close: (socket, error) => socket.data.#gone(false, error),
  };

  #opened(socket: Wire): void {
    if (this.#isGone) {
      socket.terminate(); // it took too long, and nobody wants it any more
      return;
    }
    this.#socket = socket;
    if (!this.#tls) this.#ready.resolve();
  }

  #verified(success: boolean, error: Error | null): void {
    if (success && !error) {
      this.#ready.resolve();
      return;
    }
    const socket = this.#socket;
    this.#gone(false, error);
    socket?.terminate();
  }

  /** What is said without being asked for belongs to no answer. */
  #heard(bytes: Buffer): void {
    if (this.#turn === null) this.destroy();
    else this.#turn.heard(bytes);
  }

  #drain(): void {
    if (this.#unsent !== null) {
      const written = this.#socket?.write(this.#unsent) ?? -1;
      this.#unsent = written < 0 ? null : this.#unsent.subarray(written);
      if (this.#unsent?.length) return;
    }
    this.#flushed();
  }

  #flushed(): void {
    const drained = this.#drained;
    this.#unsent = null;
    this.#drained = null;
    drained?.();
  }

  #gone(inOrder: boolean, error: unknown): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const turn = this.#turn;
    this.#socket = null;
    this.#turn = null;
    this.#ready.promise.catch(() => {}); // when nobody waits any more, nobody needs to know
    this.#ready.reject(error ?? Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    this.#flushed();
    turn?.closed(inOrder, error);
    this.#lost(this);
  }
}
