/**
 * The last phase of an answer to another node: what shrinks is packed for the way, where that node takes it (`http/packing.ts`). Everything that
 * is noted of the answer, and said in its head, is about the plain form; only here and in `unpack.ts` is there another one.
 *
 * As in `encode.ts`, only what is for everybody is compressed, so that no length tells of anybody's secret (BREACH).
 */
import { constants } from 'node:zlib';
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { lengthField } from '../http/client.ts';
import { sentOn } from '../http/compress.ts';
import { isCompressible } from '../http/compressible.ts';
import { atOnceBytes, hopCoding, packedBytes, packedField, packer, packsField } from '../http/packing.ts';
import { peek } from '../http/peek.ts';
import { cachingPolicy } from '../http/targeted.ts';
import { through } from '../http/through.ts';
import type { WorkMeter } from '../telemetry/metrics/work.ts';
import type { Node } from './node.ts';
import { type Slots, slots } from './slots.ts';

/** Below this, a packed body saves no packet. */
const worthwhileBytes = 1024;
/** Bodies that are packed as they come, at the same time: each takes up to a megabyte, until all but `aheadBytes` of it has been sent. */
const packedAtOnce = 48;
/** Packed before the connection takes it: most documents as a whole, so that they leave their room to others soon. */
const aheadBytes = 64 * 1024;
/** How long an answer waits for its turn before it goes as it is. */
const turnMs = 100;
/** What is known to be short is mostly there by now. */
const patienceMs = 5;

export function packingSlots(clock: Clock): Slots {
  return slots(packedAtOnce, clock);
}

/** What a node needs for it. */
export interface Packing extends Pick<Node, 'clock' | 'packing'> {
  readonly site: { readonly config: { readonly packs: boolean } };
  readonly work: Pick<WorkMeter, 'packed'>;
}

/** The answer as that node takes it. */
export function packed(
  node: Packing,
  exchange: Exchange,
  answered: Response | Promise<Response>,
): Response | Promise<Response> {
  const { headers, method, tier } = exchange;
  if (tier === null || headers.get(packsField) !== hopCoding || method !== 'GET') return answered;
  if (!node.site.config.packs) return answered;
  if (answered instanceof Promise)
    return answered.then((response) => packedIfUseful(node, exchange, response));
  return packedIfUseful(node, exchange, answered);
}

function packedIfUseful(node: Packing, exchange: Exchange, response: Response): Response | Promise<Response> {
  const length = lengthOf(response);
  return mayPack(exchange, response) && (length === null || length >= worthwhileBytes)
    ? pack(node, response, length, exchange.request.signal)
    : response;
}

function lengthOf({ headers }: Response): number | null {
  const value = headers.get('content-length');
  return value === null ? null : Number(value);
}

function mayPack({ headers: asked }: Exchange, { status, headers, body }: Response): boolean {
  if (status !== 200 || body === null) return false;
  if (headers.has('content-encoding') || headers.has('content-range') || headers.has('set-cookie'))
    return false;
  if (!isCompressible(headers.get('content-type'))) return false;
  const { control } = cachingPolicy(headers);
  if (control.noStore || control.private === true) return false;
  // Asked for with one client's secrets, it may bear some of them, unless it says that it is for all (RFC 9111 §3.5).
  const isOfOne = asked.has('authorization') || asked.has('cookie');
  return !isOfOne || control.public || control.sMaxAge !== undefined;
}

async function pack(
  node: Packing,
  response: Response,
  length: number | null,
  gone: AbortSignal,
): Promise<Response> {
  const { status } = response;
  const body: ReadableStream<Uint8Array> | null = response.body;
  if (body === null) return response;
  const headers = new Headers(response.headers);
  headers.set('content-encoding', hopCoding);
  headers.set(packedField, String(length ?? '?'));
  headers.delete('content-length');
  headers.delete(lengthField);
  const source = length !== null && length <= atOnceBytes ? await begun(node, body, length) : body;
  if (source instanceof Uint8Array) {
    const bytes = packedBytes(source);
    node.work.packed('sent', source.length, bytes.length);
    headers.set('content-length', String(bytes.length));
    return new Response(bytes, { status, headers });
  }
  return (await node.packing.take(turnMs))
    ? new Response(packing(node, source, length, gone), { status, headers })
    : asItIs(response, source);
}

/** All of a short body, where it is there; it fails as it would have while it is sent. */
async function begun(
  { clock }: Packing,
  body: ReadableStream<Uint8Array>,
  length: number,
): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  try {
    const seen = await peek(body, length + 1, patienceMs, clock);
    if (seen.as === 'long') return seen.body;
    if (seen.bytes.length === length) return seen.bytes;
  } catch {
    // Whoever has failed has told about it.
  }
  // Without a reason, the connection is reset and nothing printed.
  return new ReadableStream({ start: (controller) => controller.error() });
}

function asItIs({ status, headers: as }: Response, body: ReadableStream<Uint8Array>): Response {
  const headers = new Headers(as);
  const length = headers.get('content-length');
  // Of what is sent in chunks, another node is told the length in a field of our own.
  if (length !== null) headers.set(lengthField, length);
  return new Response(body, { status, headers });
}

function packing(
  { work, clock, packing: room }: Packing,
  source: ReadableStream<Uint8Array>,
  length: number | null,
  gone: AbortSignal,
): ReadableStream<Uint8Array> {
  const compressor = packer();
  let plainBytes = 0;
  let packedBytes = 0;
  return through(source, compressor, {
    heard(bytes) {
      plainBytes += bytes.length;
    },
    made(bytes) {
      packedBytes += bytes.length;
    },
    whole() {
      if (length === null || plainBytes === length) return;
      throw new MeridianError('upstream-truncated', `${plainBytes} of ${length} bytes came`);
    },
    paused: () => sentOn(compressor, constants.ZSTD_e_flush, clock),
    gone,
    aheadBytes,
    failure: () => undefined, // as in `begun`
    ended() {
      room.give();
      work.packed('sent', plainBytes, packedBytes);
    },
  });
}
