/**
 * Redis 6.2 and newer, or Valkey: one server, not a cluster of shards. Long values are kept in parts.
 *
 * All marks are one sorted set: name → place, which is the server's own time in microseconds, and never goes back. The set also holds
 * the name of the log, at place 0. So marks live and die together: if the server throws the set away to make room, or restarts with an
 * older copy of its memory (another `run_id`), the log is another one.
 */
import { randomUUID } from 'node:crypto';
import { RedisClient } from 'bun';
import { redisTls, redisTlsFailure } from '../http/redis-tls.ts';
import { connectionOf } from './connection.ts';
import {
  type KvStore,
  type KvStoreOptions,
  markLifetimeMs,
  maxMarks,
  type Standing,
  valueBytes,
} from './store.ts';

export function redisStore(options: KvStoreOptions): KvStore {
  const prefix = `${options.space}:`;
  const marks = `${prefix}marks`;
  // What is long does not hold up what somebody waits for.
  const asking = connectionOf((lost) => connect(options, lost));
  const moving = connectionOf((lost) => connect(options, lost));
  const partName = (name: string, part: number) => `${prefix}${name}:${part}`;

  async function putPart(name: string, part: number, bytes: Uint8Array, lifetimeMs: number): Promise<void> {
    const { client } = await moving.open();
    await client.send('SET', [partName(name, part), bufferOf(bytes), 'PX', pxOf(lifetimeMs)] as string[]);
  }

  return {
    async get(name) {
      const { client } = await asking.open();
      return client.getBuffer(prefix + name);
    },

    async put(name, value, lifetimeMs) {
      const { client } = await moving.open();
      await client.send('SET', [prefix + name, bufferOf(value), 'PX', pxOf(lifetimeMs)] as string[]);
    },

    async delete(name) {
      const { client } = await moving.open();
      await client.unlink(prefix + name);
    },

    async read(name) {
      const { client } = await moving.open();
      const first = await client.getBuffer(partName(name, 0));
      return first && partsFrom(first, async (part) => client.getBuffer(partName(name, part)));
    },

    async write(name, body, lifetimeMs) {
      let part = 0;
      try {
        for await (const bytes of inParts(body)) await putPart(name, part++, bytes, lifetimeMs);
      } catch (error) {
        const { client } = await moving.open();
        for (let each = 0; each < part; each++) await client.unlink(partName(name, each));
        throw error;
      }
    },

    async standing(names) {
      const { client, scripts, run } = await asking.open();
      const told = await client.send('EVALSHA', [scripts.standing, '1', marks, randomUUID(), ...names]);
      return standingIn(told, run);
    },

    async mark(names) {
      const { client, scripts } = await asking.open();
      const keptUs = String(markLifetimeMs(options) * 1000);
      const args = [marks, randomUUID(), keptUs, String(maxMarks), ...names];
      await client.send('EVALSHA', [scripts.mark, '1', ...args]);
    },

    reset() {
      asking.reset();
      moving.reset();
    },

    async close() {
      await asking.close();
      await moving.close();
    },
  };
}

interface Connected {
  readonly client: RedisClient;
  /** Another one whenever the server has been started anew, or another server has taken over. */
  readonly run: string;
  readonly scripts: { readonly standing: string; readonly mark: string };
  close(): void;
}

const connectMs = 2000;

async function connect(options: KvStoreOptions, lost: () => void): Promise<Connected> {
  // A lost connection is replaced by us: who speaks to another run of the server has to know it.
  const { url, options: secure } = await redisTls(options.url, options.tls);
  const client = new RedisClient(addressOf({ ...options, url }), {
    autoReconnect: false,
    enableOfflineQueue: false,
    connectionTimeout: connectMs,
    ...secure,
  });
  client.onclose = lost;
  try {
    await client.connect();
  } catch (error) {
    throw await redisTlsFailure(error, options, options.clock);
  }
  const info: unknown = await client.send('INFO', ['server']);
  const run = /^run_id:(\w+)/m.exec(String(info))?.[1];
  if (run === undefined) throw new Error('the server does not say its run_id');
  const load = async (script: string) => String(await client.send('SCRIPT', ['LOAD', script]));
  const scripts = { standing: await load(standingScript), mark: await load(markScript) };
  return { client, run, scripts, close: () => client.close() };
}

/** With the credentials, as the client takes them. */
function addressOf({ url, user = '', password }: KvStoreOptions): string {
  if (password === undefined) return url;
  const [scheme = '', rest = ''] = url.split('://');
  return `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${rest}`;
}

/** KEYS: marks. ARGV: a name for a new log, names. Tells the log, the newest place, the place of each name. */
const standingScript = `
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('ZADD', KEYS[1], 0, 'log ' .. ARGV[1]) end
local top = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local told = { redis.call('ZRANGE', KEYS[1], 0, 0)[1], top[2] }
for at = 2, #ARGV do told[at + 1] = redis.call('ZSCORE', KEYS[1], 'of ' .. ARGV[at]) or '0' end
return told`;

/** KEYS: marks. ARGV: a name for a new log, how long marks are kept (µs), how many at most, names. */
const markScript = `
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('ZADD', KEYS[1], 0, 'log ' .. ARGV[1]) end
local time = redis.call('TIME')
local place = tonumber(time[1]) * 1000000 + tonumber(time[2])
local top = tonumber(redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2])
if place <= top then place = top + 1 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], 1, string.format('%.0f', place - tonumber(ARGV[2])))
for at = 4, #ARGV do redis.call('ZADD', KEYS[1], string.format('%.0f', place), 'of ' .. ARGV[at]) end
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[3]) then
  redis.call('DEL', KEYS[1])
  redis.call('ZADD', KEYS[1], 0, 'log ' .. ARGV[1])
  redis.call('ZADD', KEYS[1], string.format('%.0f', place), 'newest')
end
return place`;

function standingIn(told: unknown, run: string): Standing {
  if (!Array.isArray(told)) throw new Error('the server does not tell its marks');
  const [log, ...places] = told.map(String);
  const [newest = Number.NaN, ...marked] = places.map(Number);
  if (log === undefined || !Number.isFinite(newest) || !marked.every(Number.isFinite))
    throw new Error('the server does not tell its marks');
  return { log: `${run} ${log}`, newest, marked };
}

/** Redis has no lifetime of nothing. */
function pxOf(lifetimeMs: number): string {
  return String(Math.max(1, Math.floor(lifetimeMs)));
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function partsFrom(
  first: Uint8Array,
  get: (part: number) => Promise<Uint8Array | null>,
): ReadableStream<Uint8Array> {
  let next: Uint8Array | null = first;
  let part = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        const bytes = next ?? (await get(part));
        next = null;
        part++;
        if (bytes) controller.enqueue(bytes);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The same bytes in parts of one size, but for the last. */
async function* inParts(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of body) {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + valueBytes - size);
      held.push(piece);
      size += piece.length;
      at += piece.length;
      if (size < valueBytes) continue;
      yield Buffer.concat(held, size);
      held = [];
      size = 0;
    }
  }
  if (size > 0) yield Buffer.concat(held, size);
}
