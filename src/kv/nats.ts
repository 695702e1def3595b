/**
 * NATS with JetStream, 2.9 and newer: values in a key/value bucket, long ones in an object store, marks in a bucket of their own, whose
 * revisions are the places. The log is the moment at which that bucket was made.
 *
 * The server's buckets have one lifetime for all that is in them; what is meant to live shorter says so itself.
 */
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
      const { marks, log } = await connection.open();
      const places = await Promise.all([newest, ...names.map(markName)].map((name) => placeOf(marks, name)));
      const [top = 0, ...marked] = places;
      return { log, newest: top, marked };
    },

    async mark(names) {
      const { marks } = await connection.open();
      await Promise.all(names.map((name) => marks.put(markName(name), '')));
      // Whoever sees this one could have seen the others.
      await marks.put(newest, '');
    },

    reset: () => connection.reset(),
    close: () => connection.close(),
  };
}

const newest = 'newest';
const nanosPerMs = 1_000_000;
const connectMs = 2000;
const writeMs = 30_000;

async function placeOf(marks: KV, name: string): Promise<number> {
  return (await marks.get(name))?.revision ?? 0;
}

/** Any text as a key. */
function markName(name: string): string {
  return `of.${new Bun.CryptoHasher('sha256').update(name).digest('base64url')}`;
}

interface Connected {
  readonly values: KV;
  readonly objects: ObjectStore;
  readonly marks: KV;
  readonly log: string;
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
  const { streamInfo } = await marks.status();
  return { values, objects, marks, log: String(streamInfo.created) };
}
