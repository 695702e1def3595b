/**
 * The bus in Redis 7 or Valkey: a stream for each subject, and a channel as the bell. As durable as Redis is told to be
 * (`appendfsync always`).
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Bus, Position, Published, View } from '../../bus.ts';
import { parsedJson } from '../../http/json.ts';
import { assemble } from '../assemble.ts';
import type { BusDependencies, Retention } from '../dependencies.ts';
import { type After, follow, type Page } from '../follow.ts';
import { type Letter, outbox } from '../outbox.ts';
import { endOf } from '../place.ts';
import { roster } from '../roster.ts';
import { states } from '../states.ts';
import { unreachable } from '../unreachable.ts';
import { pageBytes, pageKeys, type Reached, type Step, watch } from '../watch.ts';
import { channelOf, readBell } from './bell.ts';
import { connection, type RedisServer } from './connection.ts';
import * as scripts from './scripts.ts';

/** One script: Redis serves nobody else meanwhile. */
const maxBatch = 512;
/** Keys that one script puts: Redis does nothing else meanwhile. */
const mostAtOnce = 256;
/** Changes of a view that are remembered for those who watch. */
const keptChanges = 10_000;

export interface RedisSettings extends RedisServer {
  /** Begins the name of every key. */
  readonly prefix: string;
  readonly keep: Retention;
  /** For a publication. */
  readonly publishMs: number;
}

const idOf = z.string().transform((id) => Number(id.slice(id.indexOf('-') + 1)));
/** `e`, the event, and what else there is of it. */
const fields = z.tuple([z.string(), z.string()], z.string());
const sent = z.array(z.union([z.string(), z.coerce.number()]));
const page = z.tuple([z.string(), z.number(), z.number(), z.array(z.tuple([idOf, fields]))]);
const change = z.tuple([idOf, z.array(z.string())]);
/** Identity, revision, whether the changes are known, whether there are more; those, cursor, and a page of keys and values. */
const step = z.tuple([
  z.string(),
  z.number(),
  z.number(),
  z.number(),
  z.array(change),
  z.string(),
  // `heldIn` looks at each of very many.
  z.custom<readonly unknown[]>(Array.isArray),
]);

export function openRedis(settings: RedisSettings, { clock, log, publisher }: BusDependencies): Bus {
  const { prefix, keep, publishMs } = settings;
  const instance = `${publisher}-${randomUUID()}`;
  const listeners = roster({
    begins: (topic) => redis.listen(channelOf(bells, topic)),
    ends: (topic) => redis.leave(channelOf(bells, topic)),
  });
  const state = states('disconnected');
  const bells = `${prefix}:bell`;

  const redis = connection({
    ...settings,
    clock,
    rung,
    up() {
      state.set('connected');
      out.wake();
      listeners.again();
    },
    down(error) {
      if (state.lost()) log.warn('Redis cannot be reached', { url: settings.url, error });
    },
  });

  /** Without a message, something may have been said that was not heard. */
  function rung(message = ''): void {
    const bell = readBell(message);
    if (bell?.handed) listeners.hand(bell.topic, bell.handed);
    else listeners.wake(bell?.topic);
  }

  const logKeys = (subject: string) => [`${prefix}:log:${subject}:meta`, `${prefix}:log:${subject}`];
  const viewKeys = (name: string) =>
    ['meta', 'values', 'changes'].map((part) => `${prefix}:view:${name}:${part}`);
  const run = (script: string, keys: readonly string[], ...args: readonly (string | number)[]) =>
    redis.call('EVAL', script, keys.length, ...keys, ...args);

  async function send(letters: readonly Letter[]): Promise<Position[]> {
    const subjects = [...new Set(letters.map(({ subject }) => subject))];
    const keys = [`${prefix}:sent:${instance}`, ...subjects.flatMap(logKeys)];
    const batch = `${letters[0]?.id}+${letters.length}`;
    const numbered = letters.flatMap(({ subject, text }) => [subjects.indexOf(subject) + 1, text]);
    const nowMs = clock.now();
    const bounds = [keep.events, nowMs, nowMs - keep.ageMs];
    const head = [randomUUID(), batch, bells, ...bounds, subjects.length, ...subjects];
    const answer = sent.parse(await run(scripts.publish, keys, ...head, ...numbered));
    const newest = new Map(subjects.map((subject, index) => [subject, Number(answer[2 * index + 1])]));
    return letters.map(({ subject }) => {
      const sequence = (newest.get(subject) ?? 0) + 1;
      newest.set(subject, sequence);
      return { log: String(answer[2 * subjects.indexOf(subject)]), sequence };
    });
  }

  const out = outbox({ clock, timeoutMs: publishMs, maxBatch, instance, send });

  async function read(subject: string, after: After, limit: number): Promise<Page> {
    const keys = logKeys(subject);
    const from = typeof after === 'number' ? after : 'last';
    const [id, oldest, newest, found] = page.parse(await run(scripts.read, keys, randomUUID(), from, limit));
    const entries = found.map(([sequence, [, text]]) => ({ sequence, text }));
    return { log: id, oldest, newest, entries };
  }

  async function renew(subject: string, id: string): Promise<string> {
    return z.string().parse(await run(scripts.renew, logKeys(subject), id, randomUUID(), bells, subject));
  }

  /** Of commands that are sent only once. */
  async function reach<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      throw unreachable('Redis has not done it', cause);
    }
  }

  function write(name: string, key: string, expected: number | undefined, ...value: string[]) {
    return reach(async () => {
      const args = [randomUUID(), bells, name, key, expected ?? '', keptChanges, ...value];
      return z
        .number()
        .nullable()
        .parse(await run(scripts.put, viewKeys(name), ...args));
    });
  }

  async function stepOf(name: string, from: Reached | null): Promise<Step> {
    const { log: known, revision: since, cursor } = from ?? { log: '', revision: 0, cursor: null };
    const args = [randomUUID(), known, since, cursor ?? '', pageKeys, pageBytes];
    const answer = step.parse(await run(scripts.step, viewKeys(name), ...args));
    const [id, revision, isKnown, isMore, changes, next, page] = answer;
    return {
      ...{ log: id, revision, cursor: next === '' ? null : next, isMore: isMore === 1 },
      changed: isKnown === 1 ? changes.map(changeOf) : null,
      held: heldIn(page),
    };
  }

  function view(name: string): View {
    const [, values = ''] = viewKeys(name);
    return {
      get: (key) =>
        reach(async () => {
          const held = z
            .string()
            .nullable()
            .parse(await redis.call('HGET', values, key));
          return held === null ? null : heldOf(key, held);
        }),
      put: (key, value, expected) => write(name, key, expected, JSON.stringify(value)),
      putAll: (all) =>
        reach(async () => {
          const pairs = [...all].flatMap(([key, value]) => [key, JSON.stringify(value)]);
          for (let at = 0; at < pairs.length; at += 2 * mostAtOnce) {
            const some = pairs.slice(at, at + 2 * mostAtOnce);
            await run(scripts.putAll, viewKeys(name), randomUUID(), bells, name, keptChanges, ...some);
          }
        }),
      delete: async (key) => void (await write(name, key, undefined)),
      watch: (watcher) =>
        listeners.add(
          watch({ watcher, clock, log, read: (from) => stepOf(name, from), failed }),
          `view ${name}`,
        ),
    };
  }

  function failed(error: unknown): void {
    if (state.now === 'connected') log.warn('Redis does not give what it holds', { error });
  }

  return assemble(
    { publisher, clock, state, out, listeners },
    {
      listen: (subject, from, subscriber) =>
        follow({ subject, since: from, subscriber, clock, log, read, renew, failed }),
      newest: (subject) => reach(async () => endOf(await read(subject, 0, 0))),
      view,
      leave: () => redis.close(),
    },
  );
}

/** Revision, blank, value. */
function heldOf(key: string, held: string): Published {
  const blank = held.indexOf(' ');
  return { key, revision: Number(held.slice(0, blank)), value: parsedJson(held.slice(blank + 1)) };
}

/** Of keys and what is held under each, in turn. */
function heldIn(page: readonly unknown[]): Published[] {
  const held: Published[] = [];
  for (let at = 0; at < page.length; at += 2) {
    const [key, value] = [page[at], page[at + 1]];
    if (typeof key !== 'string' || typeof value !== 'string') throw new TypeError('HSCAN gives texts');
    held.push(heldOf(key, value));
  }
  return held;
}

function changeOf([revision, [, key = '', , value]]: readonly [number, readonly string[]]): Published {
  return { key, revision, value: value === undefined ? null : parsedJson(value) };
}
