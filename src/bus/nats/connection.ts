/**
 * The connection to NATS. The client library makes it again by itself once it has been made; the first time is ours.
 */
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../clock.ts';
import { natsTls, natsTlsFailure } from '../../http/nats-tls.ts';
import type { TlsFiles } from '../../server-tls.ts';
import { backoff } from '../backoff.ts';

/** For a connection, and for an answer. */
export const answerMs = 3000;
/** How often to see whether the server is there; it is taken for dead after two beats. */
const beatMs = 2000;
/** Between two attempts to connect. */
const retryMs = { first: 20, last: 2000 };

export interface NatsServers {
  /** `nats://` or `tls://`. Any of them will do. */
  readonly servers: readonly string[];
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** Content of a `.creds` file. */
  readonly credentials?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  /** JetStream domain that holds the logs. */
  readonly domain?: string | undefined;
}

export interface ConnectionOptions extends NatsServers {
  readonly clock: Clock;
  readonly name: string;
  up(): void;
  /** It is gone, or could not be made; it is tried again. */
  down(error: unknown): void;
}

export interface Session {
  readonly nc: NatsConnection;
  /** Begins the subjects of JetStream's API, with a dot at its end. */
  readonly api: string;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
}

export interface Connection {
  /** Throws while there is none. */
  session(): Session;
  close(): Promise<void>;
}

export function connection(options: ConnectionOptions): Connection {
  const { clock, domain, up, down } = options;
  const wait = backoff(retryMs.first, retryMs.last);
  let nc: NatsConnection | null = null;
  let now: Session | null = null;
  let isClosed = false;
  let beats = 0;
  let cancel = () => {};

  async function open(): Promise<void> {
    try {
      nc = await connect({ ...settingsOf(options), reconnectDelayHandler: wait.next });
      if (isClosed) return await nc.close();
      const js = { timeout: answerMs, ...(domain !== undefined && { domain }) };
      const jsm = await jetstreamManager(nc, { ...js, checkAPI: false });
      const api = domain === undefined ? '$JS.API.' : `$JS.${domain}.API.`;
      const session = { nc, api, js: jetstream(nc, js), jsm };
      void follow(nc, session);
      void beat(nc, session);
    } catch (error) {
      gone(await natsTlsFailure(error, options.servers, options.tls, clock));
      if (!isClosed) cancel = clock.after(wait.next(), () => void open());
    }
  }

  function arrived(session: Session): void {
    if (isClosed) return;
    wait.reset();
    now = session;
    up();
  }

  function gone(error: unknown): void {
    if (isClosed) return;
    now = null;
    down(error);
  }

  /** A server may be there and not reach those that hold the logs. Ends with the connection, or begins anew with the next. */
  async function beat(of: NatsConnection, session: Session): Promise<void> {
    const mine = ++beats;
    while (!isClosed && !of.isClosed() && beats === mine) {
      try {
        await session.jsm.getAccountInfo();
        if (beats === mine && now === null) arrived(session);
      } catch (error) {
        if (beats === mine && now !== null) gone(error);
      }
      await new Promise<void>((resolve) => clock.after(beatMs, resolve));
    }
  }

  async function follow(of: NatsConnection, session: Session): Promise<void> {
    for await (const status of of.status()) {
      if (status.type === 'disconnect') {
        beats++;
        gone(new Error(`${status.server} has gone`));
      }
      if (status.type === 'reconnect') void beat(of, session);
    }
    if (isClosed) return;
    gone(await of.closed());
    cancel = clock.after(wait.next(), () => void open());
  }

  void open();

  return {
    session() {
      if (now === null) throw new Error('there is no connection to NATS');
      return now;
    },
    async close() {
      isClosed = true;
      now = null;
      cancel();
      await nc?.close();
    },
  };
}

function settingsOf({ servers, name, user, password, token, credentials, tls }: ConnectionOptions) {
  return {
    servers: [...servers],
    name,
    timeout: answerMs,
    pingInterval: beatMs,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
    ...(token !== undefined && { token }),
    ...(credentials !== undefined && {
      authenticator: credsAuthenticator(new TextEncoder().encode(credentials)),
    }),
    ...natsTls(servers, tls),
  };
}
