/**
 * `obtain` for requests that want a part, and for responses that are kept in parts: decides whether the parent is asked
 * for the whole, and shows what is kept in slices as one object.
 */
import type { Head } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { discard } from '../answer.ts';
import type { Engine } from '../engine.ts';
import { freshnessOf } from '../freshness.ts';
import { headOf } from '../head.ts';
import { obtain as obtainWhole } from '../obtain.ts';
import type { Question } from '../question.ts';
import type { Found, Served } from '../served.ts';
import { haveAwaited, isFarAhead, layoutOfFill } from './ahead.ts';
import { asTheClient, inParts, wantsPart } from './first.ts';
import { type Layout, layoutField, layoutOf } from './layout.ts';
import { type Obtained, slicedObject } from './object.ts';
import { hasDigest, versionOfHead } from './version.ts';

type Asked = Pick<Question, 'resource' | 'exchange' | 'parent'>;

/** How often a request begins anew because the parent has another version by now. */
const maxAttempts = 3;

export function obtain(asked: Asked, found: Found, engine: Engine): Promise<Obtained> {
  return attempt(asked, found, engine, 1);
}

async function attempt(asked: Asked, found: Found, engine: Engine, count: number): Promise<Obtained> {
  const question = wantsPart(asked) ? { ...asked, parent: inParts(asked, engine) } : asked;
  const served = await obtainWhole(question, found, engine);
  const { source } = served;
  const head = headIn(served, asked, engine);
  const layout = head && layoutOf(head);
  if (head && layout) {
    // Slices that cannot be kept would be fetched for one request each.
    if (source.from === 'memory') source.resident.usedMs = engine.clock.now();
    const isKept = !wantsPart(asked) || engine.store.hasPlaceFor(layout.sliceBytes);
    if (!isKept) return beside(served, asked);
    return show(served, { head, layout, forget: () => forget(asked, layout, engine) });
  }
  if (source.from !== 'fill' || !isFarAhead(source.fill, asked)) return served;
  const { fill } = source;
  const ofFill = layoutOfFill(fill, asked.resource, engine);
  if (!ofFill) return hasDigest(fill.head) ? served : beside(served, asked);
  return show(served, { head: fill.head, layout: ofFill, forget: () => haveAwaited(fill) });

  function show(by: Served, { head, layout, forget }: Shown): Obtained {
    const version = versionOfHead(head, layout.sizeBytes);
    const sliced = { asked, engine, layout, version };
    const again = () => {
      if (count < maxAttempts) return attempt(asked, inMemory(asked, engine), engine, count + 1);
      throw new MeridianError('upstream-changed', 'it changes faster than it can be read');
    };
    return {
      ...by,
      source: { from: 'slices', object: slicedObject({ sliced, head, found: by, again, forget }) },
    };
  }
}

interface Shown {
  readonly head: Head;
  readonly layout: Layout;
  readonly forget: () => void;
}

function headIn({ source }: Served, { resource, exchange }: Asked, engine: Engine): Head | null {
  switch (source.from) {
    case 'memory':
    case 'disk':
      return source.entry;
    case 'fill':
      return source.fill.head;
    case 'parent': {
      // A layout that was not stored is good for this one request.
      const { answer } = source;
      if (!answer.headers.has(layoutField)) return null;
      const nowMs = engine.clock.now();
      return headOf(resource, exchange.headers, answer, freshnessOf(answer.headers, nowMs, nowMs, undefined));
    }
  }
}

function inMemory({ resource, exchange }: Asked, { store }: Engine): Found {
  const peeked = store.peek(resource.key, exchange.headers);
  return { outcome: 'miss', resident: peeked?.from === 'memory' ? peeked.resident : null };
}

/** Drops the layout of a version that is no more, unless something newer has taken its place. */
function forget({ resource, exchange }: Asked, { id }: Layout, { store }: Engine): void {
  const present = store.locate(resource.key, exchange.headers);
  if (present && layoutOf(present.entry)?.id === id) store.forget(present.entry);
}

/**
 * The range from the parent, as the client has put it and for this one alone, where it cannot be kept. A parent that
 * sends the whole instead is no better than the fill that there is.
 */
async function beside(served: Served, asked: Asked): Promise<Served> {
  const { exchange, resource } = asked;
  const { signal } = exchange.request;
  const ask = { exchange, named: resource, stored: null, background: false, reload: false, signal };
  const answer = await asTheClient(ask, asked);
  const { status, headers } = answer;
  if (status !== 206 && served.source.from === 'fill') {
    discard(answer);
    haveAwaited(served.source.fill);
    return served;
  }
  const cacheStatus = headers.get('cache-status');
  const serverTiming = headers.get('server-timing');
  const forwarding = { status, detail: 'part-not-kept', cacheStatus, serverTiming };
  return { outcome: 'partial', source: { from: 'parent', answer }, forwarding };
}
