/** Views as NATS keeps them: a key/value bucket for each. */
import { DeliverPolicy, JetStreamApiError } from '@nats-io/jetstream';
import { type KV, type KvEntry, Kvm } from '@nats-io/kv';
import { errors, type Msg } from '@nats-io/transport-node';
import type { Published, View, Watcher } from '../../bus.ts';
import type { Clock } from '../../clock.ts';
import { parsedJson } from '../../http/json.ts';
import type { Listener, Roster } from '../roster.ts';
import type { BusLog } from '../tell.ts';
import { unreachable } from '../unreachable.ts';
import { attend } from './attend.ts';
import type { Session } from './connection.ts';
import { tail } from './tail.ts';

const wrongLastSequence = 10_071;
/** What the second of two gets that make the same bucket at the same time. */
const overlaps = 10_065;
/** A bucket that is just being made, or has just lost its leader, takes nothing for a moment. */
const attempts = 10;
const againMs = 50;
/** Values are small, and a view may hold a million. */
const maxAhead = 1024;
/** Keys that are put without waiting for each other. */
const mostAtOnce = 256;

export interface ViewOptions {
  readonly prefix: string;
  readonly replicas: number;
  readonly listeners: Roster;
  readonly clock: Clock;
  readonly log: BusLog;
  session(): Session;
  failed(error: unknown): void;
}

export function viewIn(name: string, options: ViewOptions): View {
  const { prefix, replicas, listeners, clock, session } = options;
  const bucket = `${prefix}_${name}`;
  let of: Session | null = null;
  let made: Promise<KV> | null = null;

  /** Made when it is first asked for, once for each connection. */
  function kv(): Promise<KV> {
    const current = session();
    if (made === null || of !== current) {
      of = current;
      made = new Kvm(current.js).create(bucket, { history: 1, replicas });
      made.catch(() => {
        made = null; // Whoever waits for it is told; the next one tries again.
      });
    }
    return made;
  }

  async function reach<T>(act: (kv: KV) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await act(await kv());
      } catch (cause) {
        made = null;
        if (attempt === attempts || !mayPass(cause)) throw unreachable('NATS has not done it', cause);
        await new Promise<void>((resolve) => clock.after(againMs, resolve));
      }
    }
  }

  return {
    get: (key) => reach(async (of) => publishedOf(key, await of.get(encodeKey(key)))),
    put: (key, value, expected) =>
      reach((of) => {
        const text = JSON.stringify(value);
        if (expected === undefined) return of.put(encodeKey(key), text);
        return orNull(
          expected === 0 ? of.create(encodeKey(key), text) : of.update(encodeKey(key), text, expected),
        );
      }),
    async putAll(values) {
      const entries = [...values];
      for (let at = 0; at < entries.length; at += mostAtOnce) {
        const some = entries.slice(at, at + mostAtOnce);
        const put = ([key, value]: readonly [string, unknown]) =>
          reach((of) => of.put(encodeKey(key), JSON.stringify(value)));
        await Promise.all(some.map(put));
      }
    },
    delete: (key) =>
      reach(async (of) => {
        if (publishedOf(key, await of.get(encodeKey(key))) !== null) await of.delete(encodeKey(key));
      }),
    watch: (watcher) => listeners.add(watch(bucket, watcher, kv, options), `view ${name}`),
  };
}

/** `null` where the key has another revision. */
async function orNull(writing: Promise<number>): Promise<number | null> {
  try {
    return await writing;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === wrongLastSequence) return null;
    throw error;
  }
}

/** Nothing was stored, and the bucket will be there in a moment: it can be tried again. */
function mayPass(error: unknown): boolean {
  if (error instanceof errors.NoRespondersError) return true;
  if (error instanceof JetStreamApiError && error.code === overlaps) return true;
  return error instanceof Error && error.cause !== undefined && mayPass(error.cause);
}

function publishedOf(key: string, entry: KvEntry | null): Published | null {
  if (entry === null || entry.operation !== 'PUT') return null;
  return { key, value: parsedJson(entry.string()), revision: entry.revision };
}

function watch(bucket: string, watcher: Watcher, kv: () => Promise<KV>, options: ViewOptions): Listener {
  const { clock, log, session, failed } = options;
  const prefix = `$KV.${bucket}.`;

  function tell(what: () => void): void {
    try {
      what();
    } catch (error) {
      log.warn('a change of a view could not be dealt with', { bucket, error });
    }
  }

  async function round(signal: AbortSignal): Promise<void> {
    await kv();
    let isReading = true;
    let left = 0;
    const caughtUp = () => {
      isReading = false;
      tell(() => watcher.caughtUp());
    };
    await tail({
      session: session(),
      clock,
      stream: `KV_${bucket}`,
      // One message is kept for each key. To look for the last of each would stop the server for seconds where there are a million.
      from: { deliver_policy: DeliverPolicy.All },
      signal,
      maxAhead,
      begun(count) {
        tell(() => watcher.begins?.());
        left = count;
        if (left === 0) caughtUp();
      },
      message(message, revision, waiting) {
        tell(() => watcher.changed(changeOf(message, prefix, revision)));
        // What is put anew meanwhile comes later, so that the count is right; what is lost does not come at all.
        if (isReading && (--left <= 0 || waiting === 0)) caughtUp();
      },
    });
  }

  return attend({ clock, round, failed });
}

function changeOf(message: Msg, prefix: string, revision: number): Published {
  const operation = message.headers?.get('KV-Operation') ?? '';
  return {
    key: decodeKey(message.subject.slice(prefix.length)),
    value: operation === '' ? parsedJson(message.string()) : null,
    revision,
  };
}

/** Keys of NATS have few signs: the others become `=` and two hexadecimal digits for each byte. */
function encodeKey(key: string): string {
  if (/^[\w/-]+$/.test(key)) return key;
  let encoded = '';
  for (const byte of Buffer.from(key)) {
    const sign = String.fromCharCode(byte);
    encoded += /[\w/-]/.test(sign) ? sign : `=${byte.toString(16).padStart(2, '0')}`;
  }
  return encoded === '' ? '=' : encoded;
}

function decodeKey(encoded: string): string {
  // Most have a dot, and nothing else.
  const dotted = encoded.replaceAll('=2e', '.');
  if (!dotted.includes('=')) return dotted;
  const bytes = encoded.replaceAll('%', '').replace(/=([0-9a-f]{2})/g, '%$1');
  return bytes === '=' ? '' : decodeURIComponent(bytes);
}
