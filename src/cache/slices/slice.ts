/**
 * One slice: from the store, from whoever is fetching it, or from the parent. Its key is its own, so everything that
 * holds for a response holds for it: one request for all who want it, a fill that readers follow, a place in memory or
 * on disk. It never goes stale: whether it may be used is for the layout to say.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { parseCacheControl } from '../../http/cache-control.ts';
import { rangeBytes } from '../../http/range.ts';
import type { Parent } from '../../parent.ts';
import type { Resource } from '../../resource.ts';
import { discard } from '../answer.ts';
import type { Engine } from '../engine.ts';
import { countUse } from '../eviction/policy.ts';
import { statusError } from '../failing-answer.ts';
import type { Question } from '../question.ts';
import type { Served } from '../served.ts';
import { isPersonal, refusalToStore } from '../storable.ts';
import type { Stored } from '../store.ts';
import { together } from '../together.ts';
import { type Layout, sliceKey, sliceRange } from './layout.ts';
import { bodyOf, partOf, versionOf } from './version.ts';

/** An object that is had slice by slice, by one request. */
export interface Sliced {
  readonly asked: Pick<Question, 'resource' | 'exchange' | 'parent'>;
  readonly engine: Engine;
  readonly layout: Layout;
  /** Of which every slice has to be. */
  readonly version: string | null;
}

/** Fails with `upstream-changed` when the parent has another version by now. */
export async function obtainSlice(object: Sliced, index: number): Promise<Served> {
  const question = questionFor(object, index, sliceParent(object, index));
  const stored = await find(object, question);
  if (stored === null) {
    // It was dropped since somebody found it there.
    const { headers } = question.exchange;
    if (headers.has('cache-control') && parseCacheControl(headers.get('cache-control')).onlyIfCached) {
      throw new MeridianError('only-if-cached', 'not all of the bytes asked for are stored');
    }
    return together(question, null, object.engine);
  }
  const outcome = stored.from === 'memory' ? 'hit' : 'hit-disk';
  return { outcome, source: stored, forwarding: null };
}

/** Stores a slice that has come as the answer to another question. */
export function arriving(object: Sliced, index: number, answer: Answer): void {
  let taken = false;
  const later = sliceParent(object, index);
  const question = questionFor(object, index, (ask) => {
    if (taken) return later(ask);
    taken = true;
    return Promise.resolve(asSlice(answer));
  });
  void together(question, null, object.engine)
    .then(({ source }) => {
      if (source.from === 'parent') discard(source.answer);
    })
    .catch((error) => object.engine.warn('a slice was not stored', { key: question.resource.key, error }))
    .finally(() => {
      if (!taken) discard(answer);
    });
}

/** Where a slice is stored, by the indexes alone. */
export function placeOf({ asked, engine, layout }: Sliced, index: number): 'memory' | 'disk' | null {
  return (
    engine.store.locate(sliceKey(asked.resource.key, layout, index), asked.exchange.headers)?.from ?? null
  );
}

async function find({ engine }: Sliced, { resource, exchange }: Question): Promise<Stored | null> {
  const peeked = engine.store.peek(resource.key, exchange.headers);
  if (peeked?.from === 'memory') {
    countUse(peeked.resident);
    peeked.resident.usedMs = engine.clock.now();
  }
  return peeked ?? engine.store.find(resource.key, exchange.headers);
}

function questionFor({ asked, layout }: Sliced, index: number, parent: Parent): Question {
  const { resource: whole, exchange } = asked;
  const resource: Resource = {
    as: 'resource',
    key: sliceKey(whole.key, layout, index),
    kind: whole.kind,
    tags: whole.tags,
    ask: whole.ask,
  };
  const personal = isPersonal(whole, exchange);
  return {
    resource,
    exchange,
    parent,
    reload: false,
    confirm: null,
    bodiless: false,
    inHand: null,
    personal,
    outcome: 'partial',
  };
}

/**
 * Asks for a slice without a condition, and looks at what has come: with `If-Range`, a parent that has another version
 * would begin to send all of it, which nobody wants.
 */
function sliceParent({ asked, engine, layout, version }: Sliced, index: number): Parent {
  const { resource, exchange } = asked;
  const range = sliceRange(layout, index);
  return async (ask) => {
    const part = { range: `bytes=${range.start}-${range.end}` };
    const answer = await asked.parent({ ...ask, named: resource, part });
    const { status, headers } = answer;
    const got = status === 206 ? partOf(headers) : null;
    const isRight = got !== null && got.range.start === range.start && got.range.end === range.end;
    if (isRight && version !== null && versionOf(headers, got.sizeBytes) === version) {
      const whole = { status: 200, headers };
      if (refusalToStore(exchange, resource, whole, engine.clock.now()) === null) return asSlice(answer);
    }
    discard(answer);
    if (status >= 500 || status === 429) throw statusError(status);
    throw new MeridianError('upstream-changed', `the parent answered ${status} to a request for a slice`);
  };
}

/** With the bytes, and nothing that the layout knows better. Nobody may transform a part of something. */
function asSlice(answer: Answer): Answer {
  const { headers } = answer;
  const fields = new Headers({ 'cache-control': 'public, max-age=31536000, no-transform' });
  const content = partOf(headers);
  const body = content ? bodyOf(answer, content.range) : answer.body;
  if (content) fields.set('content-length', String(rangeBytes(content.range)));
  for (const name of ['cache-status', 'server-timing']) {
    const value = headers.get(name);
    if (value !== null) fields.set(name, value);
  }
  return { status: 200, headers: fields, body, sentAs: 206 };
}
