/**
 * The parent as a request for a range asks it while nothing of the object is stored.
 *
 * What it is asked for is one aligned slice, the one in which the client's range begins, without any condition. Of
 * all that could be asked first this costs least in every case: of a small object the slice is all there is, and is
 * stored as the whole; of a large one it tells the size, in the answer that has the client's bytes as well, and serves
 * the ranges next to it; a parent that knows no ranges sends the whole, which is stored as ever. A HEAD first would
 * cost every one of them a round trip. For a suffix the first slice is asked for: without the size it has no place.
 */
import type { Answer } from '../../entry.ts';
import type { Exchange } from '../../exchange.ts';
import { isCompressible } from '../../http/compressible.ts';
import { firstByteWanted, type Range } from '../../http/range.ts';
import type { Ask, Parent, PartAsk } from '../../parent.ts';
import { discard } from '../answer.ts';
import type { Engine } from '../engine.ts';
import { kinKey } from '../kin.ts';
import type { Question } from '../question.ts';
import { isPersonal, refusalToStore, refusesStore } from '../storable.ts';
import { completed } from './complete.ts';
import { formatLayout, layoutField, newLayout, sliceIndex } from './layout.ts';
import { arriving, type Sliced } from './slice.ts';
import { bodyOf, type Part, partOf, validatorOf, versionOf } from './version.ts';

type Asked = Pick<Question, 'resource' | 'exchange' | 'parent'>;

/** Below this, slices cost more than they save. */
const minSliceBytes = 64 * 1024;

/** How long it is remembered that nothing of a key can be kept in parts. */
const unsliceableMs = 60_000;

/** Whether a request wants a range of something that can be had in parts. */
export function wantsPart(asked: Asked): boolean {
  return asked.resource.inParts === true && wantsRange(asked);
}

/** Whether a request wants a range. */
export function wantsRange({ exchange }: Pick<Asked, 'exchange'>): boolean {
  const range = exchange.headers.get('range');
  return range !== null && exchange.method === 'GET' && firstByteWanted(range) !== null;
}

export function inParts(asked: Asked, engine: Engine): Parent {
  const { parent, exchange } = asked;
  return async (ask) => {
    const sliceBytes = sliceBytesFor(engine);
    // What is not going to be stored is asked for as the client did.
    if (sliceBytes === null || !mayBeStored(asked, engine)) return asTheClient(ask, asked);
    const offset = firstByteWanted(exchange.headers.get('range') ?? '') ?? 0;
    const start = Number.isSafeInteger(offset + sliceBytes) ? offset - (offset % sliceBytes) : 0;
    const answer = await parent({ ...ask, part: slicePart(start, sliceBytes) });
    if (answer.status === 206) return fromPart(answer, { start, sliceBytes, ask, asked, engine });
    if (answer.status !== 416) return answer;
    // There is less than the client thinks. How much is found out with its beginning; an empty object has no range.
    discard(answer);
    if (start === 0) return parent(ask);
    const beginning = await parent({ ...ask, part: slicePart(0, sliceBytes) });
    if (beginning.status !== 206) return beginning;
    return fromPart(beginning, { start: 0, sliceBytes, ask, asked, engine });
  };
}

/** As the client has put it, for the client alone. */
export function asTheClient(ask: Ask, { exchange, parent }: Asked): Promise<Answer> {
  return parent({ ...ask, part: partOfClient(exchange) });
}

function partOfClient({ headers }: Exchange): PartAsk {
  return { range: headers.get('range') ?? '', ifRange: headers.get('if-range') };
}

function slicePart(start: number, bytes: number): PartAsk {
  return { range: `bytes=${start}-${start + bytes - 1}` };
}

function mayBeStored(asked: Asked, { unsliceable }: Engine): boolean {
  return !refusesStore(asked.exchange, asked.resource) && !unsliceable.get(kinOf(asked));
}

function kinOf({ resource, exchange }: Asked): string {
  return kinKey({ resource, personal: isPersonal(resource, exchange) });
}

/** As configured, or what the store has a place for; `null` when that is too little. */
export function sliceBytesFor({ slices, store }: Engine): number | null {
  let { bytes } = slices;
  while (bytes >= minSliceBytes && !store.hasPlaceFor(bytes)) bytes = Math.floor(bytes / 2);
  return bytes >= minSliceBytes ? bytes : null;
}

interface FirstPart {
  /** What was asked for. */
  readonly start: number;
  readonly sliceBytes: number;
  readonly ask: Ask;
  readonly asked: Asked;
  readonly engine: Engine;
}

/** What the cache gets to see instead of a 206: the whole, the layout of what is kept in slices, or what the client asked for. */
async function fromPart(answer: Answer, first: FirstPart): Promise<Answer> {
  const { ask, asked, engine } = first;
  const { headers } = answer;
  const part = partOf(headers);
  const whole = { status: 200, headers: wholeFields(headers, part), sentAs: 206 };
  const refusal = refusalToStore(asked.exchange, asked.resource, whole, engine.clock.now());
  if (part === null || refusal !== null) return unsliceable(answer, first);
  const { range, sizeBytes } = part;
  const hasPlace = engine.store.hasPlaceFor(sizeBytes);
  const isSmall = hasPlace && sizeBytes <= engine.slices.fromBytes;
  if (isSmall && mayComeCompressed(asked, headers)) {
    discard(answer);
    return asked.parent(ask);
  }
  // A digest is one of the whole (RFC 9530), and checked when the whole comes as such.
  const hasDigest = headers.has('repr-digest');
  const isAll = range.start === 0 && range.end === sizeBytes - 1;
  if (isAll && !hasDigest) return { ...whole, body: bodyOf(answer, range) };
  const validator = validatorOf(headers);
  const isForParts = validator !== null && !hasDigest;
  if (isForParts && isSmall && range.start === 0) {
    return { ...whole, body: completed(answer, { ...part, validator }, ask, asked.parent) };
  }
  if (isForParts && !isSmall && isSlice(range, sizeBytes, first)) {
    return laidOut(answer, whole.headers, part, first);
  }
  if (!isSmall && !(hasPlace && hasDigest)) return unsliceable(answer, first);
  discard(answer);
  return asked.parent(ask);
}

/** Made of a part, it would stand under its key as if it were the only form, and nobody would get a compressed one. */
function mayComeCompressed({ resource }: Asked, headers: Headers): boolean {
  return resource.compress === true && isCompressible(headers.get('content-type'));
}

function unsliceable(answer: Answer, { ask, asked, engine }: FirstPart): Promise<Answer> {
  discard(answer);
  engine.unsliceable.note(kinOf(asked), true, unsliceableMs);
  return asTheClient(ask, asked);
}

function isSlice({ start, end }: Range, sizeBytes: number, asked: FirstPart): boolean {
  return start === asked.start && end === Math.min(asked.start + asked.sliceBytes, sizeBytes) - 1;
}

function wholeFields(headers: Headers, part: Part | null): Headers {
  const fields = new Headers(headers);
  fields.delete('content-range');
  if (part) fields.set('content-length', String(part.sizeBytes));
  return fields;
}

/** Starts to store the slice, and answers with the layout. */
function laidOut(answer: Answer, fields: Headers, { range, sizeBytes }: Part, first: FirstPart): Answer {
  const layout = newLayout(sizeBytes, first.sliceBytes);
  const { asked, engine } = first;
  const object: Sliced = { asked, engine, layout, version: versionOf(answer.headers, sizeBytes) };
  arriving(object, sliceIndex(layout, range.start), answer);
  const headers = new Headers(fields);
  headers.delete('content-length');
  headers.set(layoutField, formatLayout(layout));
  return { status: 200, headers, body: new Uint8Array(), sentAs: 206 };
}
