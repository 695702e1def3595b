/**
 * NATS with JetStream, 2.9 and newer: values in a key/value bucket, long ones in an object store, marks in a bucket of their own, whose
 * revisions are the places. The log is the moment at which that bucket was made, to the nanosecond; the newest mark says it as well, so that
 * somebody who is connected notices when the bucket is made anew.
 *
 * The server's buckets have one lifetime for all that is in them; what is meant to live shorter says so itself.
 */
import type { JetStreamManager } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import type { ObjectStore } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { natsTls, natsTlsFailure } from '../http/nats-tls.ts';
import { connectionOf } from './connection.ts';
import { type KvStore, type KvStoreOptions, markLifetimeMs } from './store.ts';

export function natsStore(options: KvStoreOptions): KvStore {
  const connection = connectionOf((lost) => connect(options, lost));

  return {
    async get(name) {
      const { values } = await connection.open();
      const found = await values.get(name);
      return found?.operation === 'PUT' ? found.value : null;
    },

    async put(name, value) {
      const { values } = await connection.open();
      await values.put(name, value);
    },

    async delete(name) {
      const { values } = await connection.open();
      await values.purge(name);
    },

    async read(name) {
      const { objects } = await connection.open();
      return (await objects.get(name))?.data ?? null;
    },

    async write(name, body) {
      const { objects } = await connection.open();
      // The client takes away what it has written of a body that fails.
      await objects.put({ name }, body, { timeout: writeMs });
    },

    async standing(names) {
      const { marks, log, seen } = await connection.open();
      const asked = names.map((name) => marks.get(markName(name)));
      const [top, ...marked] = await Promise.all([marks.get(newest), ...asked]);
      const place = top?.revision ?? 0;
      if (place < seen.place || (top && top.string() !== log)) {
        connection.reset();
        throw new Error('the bucket of marks was made anew');
      }
      seen.place = place;
      return { log, newest: place, marked: marked.map((mark) => mark?.revision ?? 0) };
    },

    async mark(names) {
      const { marks, log } = await connection.open();
      await Promise.all(names.map((name) => marks.put(markName(name), '')));
      // Whoever sees this one could have seen the others.
      await marks.put(newest, log);
    },

    reset: () => connection.reset(),
    close: () => connection.close(),
  };
}

const newest = 'newest';
const nanosPerMs = 1_000_000;
const connectMs = 2000;
const writeMs = 30_000;

/** Any text as a key. */
function markName(name: string): string {
  return `of.${new Bun.CryptoHasher('sha256').update(name).digest('base64url')}`;
}

interface Connected {
  readonly values: KV;
  readonly objects: ObjectStore;
  readonly marks: KV;
  readonly log: string;
  /** The highest place that this connection was told of. */
  readonly seen: { place: number };
  close(): Promise<void>;
}

async function connect(options: KvStoreOptions, lost: () => void): Promise<Connected> {
  const { url, user, password, tls, space } = options;
  const servers = url.split(',');
  // A lost connection is replaced by us: who speaks to another server has to look at its marks anew.
  const { connect: dial } = await import('@nats-io/transport-node');
  const nats = await dial({
    servers,
    timeout: connectMs,
    reconnect: false,
    ...natsTls(servers, tls),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
  }).catch(async (error) => {
    throw await natsTlsFailure(error, servers, tls, options.clock);
  });
  void nats.closed().then(lost);
  try {
    return { ...(await bucketsOf(nats, space, options)), close: () => nats.close() };
  } catch (error) {
    await nats.close();
    throw error;
  }
}

async function bucketsOf(nats: NatsConnection, space: string, options: KvStoreOptions) {
  // Loaded only where a config names NATS.
  const { jetstream } = await import('@nats-io/jetstream');
  const { Kvm } = await import('@nats-io/kv');
  const { Objm } = await import('@nats-io/obj');
  const js = jetstream(nats, { timeout: connectMs });
  const ttl = options.lifetimeMs;
  const values = await new Kvm(js).create(space, { ttl, history: 1, allow_direct: true });
  const objects = await new Objm(js).create(space, { ttl: ttl * nanosPerMs });
  // Asked of the leader alone: a follower may not have the newest mark yet.
  const marks = await new Kvm(js).create(`${space}-marks`, {
    ttl: markLifetimeMs(options),
    history: 1,
    allow_direct: false,
  });
  await keepFor(await js.jetstreamManager(), space, options);
  const { streamInfo } = await marks.status();
  const log = String(streamInfo.created);
  const last = await marks.get(newest);
  // Written by somebody who had not noticed yet that it was made anew.
  if (last && last.string() !== log) await marks.put(newest, log);
  return { values, objects, marks, log, seen: { place: 0 } };
}

/**
 * Buckets that were there keep for as long as the config says by now. Marks have to outlive what they are about, whatever another node's
 * config says at the same time: their time is only ever raised, and first.
 */
async function keepFor(jsm: JetStreamManager, space: string, options: KvStoreOptions): Promise<void> {
  const marks = { stream: `KV_${space}-marks`, ms: markLifetimeMs(options), isLeast: true };
  const keeping = { ms: options.lifetimeMs, isLeast: false };
  const others = [`KV_${space}`, `OBJ_${space}`].map((stream) => ({ stream, ...keeping }));
  for (const { stream, ms, isLeast } of [marks, ...others]) {
    const { config } = await jsm.streams.info(stream);
    const wanted = ms * nanosPerMs;
    const isLonger = config.max_age === 0 || config.max_age > wanted;
    if (config.max_age === wanted || (isLeast && isLonger)) continue;
    try {
      // What is recognised as sent twice cannot be remembered for longer than it is kept.
      const duplicate_window = Math.min(config.duplicate_window, wanted);
      await jsm.streams.update(stream, { ...config, max_age: wanted, duplicate_window });
    } catch (cause) {
      const now = config.max_age / nanosPerMs / 1000;
      const advice = `change its max age to ${ms / 1000} s, or let this user change streams`;
      throw new Error(`the stream ${stream} keeps for ${now} s: ${advice}`, { cause });
    }
  }
}
