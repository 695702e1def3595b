/**
 * At a PoP: a document of the network becomes the one for clients that reach it by this address, as it streams through. Its new entity tag
 * depends on the canonical one and the address alone, so PoPs that share an address agree on it. Compression comes after that, as for
 * everything else.
 */
import type { Answer } from '../entry.ts';
import type { Replacer } from './replace.ts';
import { PIECE_BYTES, turn } from './turn.ts';

/** What the origin remembers of the upstream's answer beside the document that it made of it. */
export const sourceField = 'meridian-source';
/** The canonical entity tag: the cache confirms its entry with the shield by this one. */
const sourceEtagField = 'meridian-source-etag';

/** @param replacers to make anew for each document: what links begin with there, and what they begin with here. */
export function renderedFor(address: string, answer: Answer, replacers: () => readonly Replacer[]): Answer {
  if (answer.status !== 200 && answer.status !== 304) return answer;
  const headers = renderedHead(answer.headers, address);
  if (answer.status === 304 || answer.body === null) return { status: answer.status, headers, body: null };
  return { status: 200, headers, body: replacing(answer.body, replacers()) };
}

function renderedHead(canonical: Headers, address: string): Headers {
  const headers = new Headers(canonical);
  // By its digest the canonical body has been found whole before it gets here, however it was framed.
  if (headers.has('repr-digest')) headers.delete('meridian-unframed');
  for (const name of ['content-length', 'repr-digest', sourceField]) headers.delete(name);
  const etag = canonical.get('etag');
  if (etag !== null) {
    headers.set(sourceEtagField, etag);
    headers.set('etag', renderedEtag(etag, address));
  }
  return headers;
}

function renderedEtag(canonical: string, address: string): string {
  const mark = new Bun.CryptoHasher('sha256').update(address).digest('base64url').slice(0, 8);
  return `${canonical.slice(0, -1)}.${mark}"`;
}

function replacing(
  body: NonNullable<Answer['body']>,
  replacers: readonly Replacer[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source = piecesOf(body);
  return new ReadableStream({
    async pull(controller) {
      let bytes: Uint8Array<ArrayBuffer>;
      do {
        const piece = await source.next();
        bytes = piece === null ? endOf(replacers) : throughAll(replacers, piece);
        if (bytes.byteLength > 0) controller.enqueue(bytes);
        if (piece === null) return controller.close();
      } while (bytes.byteLength === 0);
    },
    cancel: source.cancel,
  });
}

function throughAll([first, ...others]: readonly Replacer[], piece: Uint8Array): Uint8Array<ArrayBuffer> {
  let bytes = first?.push(piece) ?? new Uint8Array();
  for (const each of others) bytes = each.push(bytes);
  return bytes;
}

/** What each held back may be for the next one to replace. */
function endOf(replacers: readonly Replacer[]): Uint8Array<ArrayBuffer> {
  let rest: Uint8Array<ArrayBuffer> = new Uint8Array();
  for (const each of replacers) rest = Buffer.concat([each.push(rest), each.end()]);
  return rest;
}

/** A body in pieces, however large its chunks are. */
function piecesOf(body: NonNullable<Answer['body']>): {
  next(): Promise<Uint8Array | null>;
  cancel(reason: unknown): Promise<void>;
} {
  const reader = body instanceof Uint8Array ? null : body.getReader();
  let chunk: Uint8Array = body instanceof Uint8Array ? body : new Uint8Array();
  return {
    async next() {
      while (chunk.byteLength === 0) {
        const read = await reader?.read();
        if (read === undefined || read.done) return null;
        chunk = read.value;
      }
      const piece = chunk.subarray(0, PIECE_BYTES);
      chunk = chunk.subarray(PIECE_BYTES);
      await turn();
      return piece;
    },
    async cancel(reason) {
      await reader?.cancel(reason);
    },
  };
}
