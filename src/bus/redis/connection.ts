/**
 * The connections to Redis: one for commands, and one that hears the bell, since a connection that listens does nothing
 * else. They live and die together; a silent one is found out by the clock.
 */

import { RedisClient } from 'bun';
import type { Clock } from '../../clock.ts';
import { redisTls, redisTlsFailure } from '../../http/redis-tls.ts';
import type { TlsFiles } from '../../server-tls.ts';
import { backoff } from '../backoff.ts';

/** For a connection, and for the answer to a command. */
const answerMs = 3000;
/** How often to see whether the connections are alive. */
const beatMs = 2000;
/** Between two attempts to connect. */
const retryMs = { first: 20, last: 2000 };

export interface RedisServer {
  /** `redis://` or `rediss://`, without credentials. */
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: TlsFiles | undefined;
}

export interface ConnectionOptions extends RedisServer {
  readonly clock: Clock;
  /** Something was said on a channel; without a message, something may have been. */
  rung(message?: string): void;
  up(): void;
  /** They are gone, or could not be made; it is tried again. */
  down(error: unknown): void;
}

export interface Connection {
  /** Rejects when there is no connection, or no answer in time. */
  call(command: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** Hears this channel from now on, whenever there is a connection. */
  listen(channel: string): void;
  leave(channel: string): void;
  close(): void;
}

interface Pair {
  readonly commands: RedisClient;
  readonly bell: RedisClient;
  /** Channels that it hears, or is about to. */
  readonly hears: Set<string>;
}

export function connection(options: ConnectionOptions): Connection {
  const { clock, rung, up, down } = options;
  const wanted = new Set<string>();
  const wait = backoff(retryMs.first, retryMs.last);
  let pair: Pair | null = null;
  let isClosed = false;
  let cancel = () => {};

  function lost(of: Pair | null, error: unknown): void {
    for (const client of of === null ? [] : [of.commands, of.bell]) {
      client.onclose = null;
      client.close();
    }
    if (isClosed || (pair !== null && pair !== of)) return;
    pair = null;
    cancel();
    down(error);
    cancel = clock.after(wait.next(), () => void connect());
  }

  async function connect(): Promise<void> {
    let made: Pair | null = null;
    try {
      made = await clients(options);
      for (const client of [made.commands, made.bell]) await inTime(client.connect());
      await hearAll(made);
    } catch (error) {
      return lost(made, isRefusal(error) ? error : await redisTlsFailure(error, options, clock));
    }
    const failed = (error: unknown) => lost(made, error);
    if (isClosed) return failed(null);
    if (!made.commands.connected || !made.bell.connected) return failed(new Error('Redis has hung up'));
    for (const client of [made.commands, made.bell]) client.onclose = failed;
    pair = made;
    wait.reset();
    beat(made);
    up();
    tune(made);
  }

  async function hearAll({ bell, hears }: Pair): Promise<boolean> {
    const missing = [...wanted].filter((channel) => !hears.has(channel));
    for (const channel of missing) hears.add(channel);
    for (const channel of missing) await inTime(bell.subscribe(channel, (message) => rung(message)));
    return missing.length > 0;
  }

  /** What was said before it hears a channel has to be read. */
  function tune(of: Pair): void {
    hearAll(of).then(
      (isMore) => isMore && rung(),
      (error: unknown) => lost(of, error),
    );
  }

  function beat(of: Pair): void {
    const answered = async () => {
      try {
        await Promise.all([of.commands, of.bell].map((client) => inTime(client.ping())));
        if (pair === of) beat(of);
      } catch (error) {
        lost(of, error);
      }
    };
    cancel = clock.after(beatMs, () => void answered());
  }

  async function inTime<T>(answer: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const stop = clock.after(answerMs, () => late.reject(new Error(`Redis is silent for ${answerMs} ms`)));
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      stop();
    }
  }

  void connect();

  return {
    async call(command, ...args) {
      const of = pair;
      if (of === null) throw new Error('there is no connection to Redis');
      const texts = args.map(String);
      try {
        return await inTime(of.commands.send(command, texts));
      } catch (error) {
        // What Redis itself refuses says nothing about the connection.
        if (!isRefusal(error)) lost(of, error);
        throw error;
      }
    },
    listen(channel) {
      wanted.add(channel);
      if (pair !== null) tune(pair);
    },
    leave(channel) {
      wanted.delete(channel);
      const of = pair;
      if (!of?.hears.delete(channel)) return;
      // It throws at once where the connection has just been lost.
      Promise.try(() => of.bell.unsubscribe(channel)).catch((error: unknown) => lost(of, error));
    },
    close() {
      isClosed = true;
      cancel();
      if (pair !== null) lost(pair, null);
    },
  };
}

async function clients({ url, user, password, tls }: RedisServer): Promise<Pair> {
  const to = await redisTls(url, tls);
  const address = new URL(to.url);
  if (user !== undefined) address.username = encodeURIComponent(user);
  if (password !== undefined) address.password = encodeURIComponent(password);
  const make = () =>
    new RedisClient(address.href, {
      autoReconnect: false,
      maxRetries: 0,
      enableOfflineQueue: false,
      connectionTimeout: answerMs,
      ...to.options,
    });
  return { commands: make(), bell: make(), hears: new Set() };
}

/** An answer of Redis that is an error: it begins with a word in capitals. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && /^[A-Z]+\b/.test(error.message);
}
