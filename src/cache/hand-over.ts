/**
 * What a node has of something for a sibling: the parents' own answer, fresh, and whole or in the slices that are asked
 * for. Nobody is asked for it, and nothing is begun.
 *
 * Of what a PoP makes for its own clients nothing is handed over: neither documents with its address in them, nor what it
 * has compressed. An entry tells: such a one remembers the entity tag of what it was made of, or the coding that was chosen.
 */
import type { Entry } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { type Exchange, inOtherWords } from '../exchange.ts';
import { chosenCoding } from '../http/vary.ts';
import type { Resource } from '../resource.ts';
import { isFailure } from './ask.ts';
import type { Engine } from './engine.ts';
import { isDue, isFresh } from './freshness.ts';
import { type Layout, layoutOf } from './slices/layout.ts';
import { type Obtained, slicedObject } from './slices/object.ts';
import { versionOfHead } from './slices/version.ts';
import type { Stored } from './store.ts';

export async function handOver(
  resource: Resource,
  exchange: Exchange,
  engine: Engine,
): Promise<Obtained | null> {
  const { headers } = exchange;
  const stored = (await find(resource, headers, engine)) ?? (await plain(resource, headers, engine));
  if (stored === null) return null;
  const outcome = stored.from === 'memory' ? 'hit' : 'hit-disk';
  const layout = layoutOf(stored.entry);
  if (layout === null) return { outcome, source: stored, forwarding: null };
  const object = slices(resource, exchange, stored.entry, layout, engine);
  return { outcome, source: { from: 'slices', object }, forwarding: null };
}

/** By the indexes first: what is not to be handed over is not read. */
async function find({ key }: Resource, headers: Headers, engine: Engine): Promise<Stored | null> {
  const { store, clock } = engine;
  const located = store.locate(key, headers);
  if (located === null || !mayGo(located.entry, clock.now())) return null;
  const stored = store.peek(key, headers) ?? (await store.find(key, headers));
  return stored !== null && mayGo(stored.entry, clock.now()) ? stored : null;
}

/** What this PoP would compress for a client that puts it like this, as it keeps it for those that take no coding. */
async function plain(resource: Resource, headers: Headers, engine: Engine): Promise<Stored | null> {
  if (!headers.has('accept-encoding')) return null;
  const fields = new Headers(headers);
  fields.delete('accept-encoding');
  const stored = await find(resource, fields, engine);
  // Where it was the server that chose, another coding is another answer.
  return stored !== null && codingOf(stored.entry) === 'identity' ? stored : null;
}

function mayGo(entry: Entry, nowMs: number): boolean {
  const { status, freshness, sourceEtag } = entry;
  const coding = codingOf(entry);
  const isCanonical = sourceEtag === null && (coding === undefined || coding === 'identity');
  return isCanonical && !isFailure(status) && isFresh(freshness, nowMs) && !isDue(freshness, nowMs);
}

function codingOf({ selecting }: Entry): string | undefined {
  return selecting.find(([name]) => name === chosenCoding)?.[1];
}

function slices(resource: Resource, exchange: Exchange, entry: Entry, layout: Layout, engine: Engine) {
  const headers = new Headers(exchange.headers);
  headers.set('cache-control', 'only-if-cached');
  const nothing = () => Promise.reject(new MeridianError('only-if-cached', 'not all of it is stored'));
  const asked = { resource, exchange: inOtherWords(exchange, { headers }), parent: nothing };
  const version = versionOfHead(entry, layout.sizeBytes);
  return slicedObject({
    sliced: { asked, engine, layout, version },
    head: entry,
    found: { outcome: 'hit', forwarding: null },
    again: nothing,
    forget: () => undefined,
  });
}
