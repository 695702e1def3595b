/**
 * At a PoP: the network's canonical document becomes the one for clients that reach it by this address. Tarball
 * links lead to where the client came from, so that it fetches those through the network as well.
 *
 * The document streams through. Its new entity tag depends on the canonical one and the address alone, so PoPs
 * that share an address agree on it. Compression comes after that, as for everything else.
 */
import type { Answer } from '../../entry.ts';
import type { Resource } from '../../resource.ts';
import { type Rendering, renderingOf } from './key.ts';
import { ATTESTATIONS, placeholderOrigin } from './packument.ts';
import { type Replacer, replacer } from './replace.ts';
import { sourceField } from './source.ts';
import { PIECE_BYTES, turn } from './turn.ts';

/** The canonical entity tag: the cache confirms its entry with the shield by this one. */
const sourceEtagField = 'meridian-source-etag';

const encoder = new TextEncoder();

export function rewrite(resource: Resource, answer: Answer): Answer {
  const rendering = renderingOf(resource.key);
  if (rendering === null || (answer.status !== 200 && answer.status !== 304)) return answer;
  const headers = renderedHead(answer.headers, rendering);
  if (answer.status === 304 || answer.body === null) return { status: answer.status, headers, body: null };

  return { status: 200, headers, body: withLinksTo(rendering.address, answer.body) };
}

function renderedHead(canonical: Headers, rendering: Rendering): Headers {
  const headers = new Headers(canonical);
  // By its digest the canonical body has been found whole before it gets here, however it was framed.
  if (headers.has('repr-digest')) headers.delete('meridian-unframed');
  for (const name of ['content-length', 'repr-digest', sourceField]) headers.delete(name);
  const etag = canonical.get('etag');
  if (etag !== null) {
    headers.set(sourceEtagField, etag);
    headers.set('etag', renderedEtag(etag, rendering));
  }
  return headers;
}

function renderedEtag(canonical: string, { address }: Rendering): string {
  const mark = new Bun.CryptoHasher('sha256').update(address).digest('base64url').slice(0, 8);
  return `${canonical.slice(0, -1)}.${mark}"`;
}

/**
 * What links begin with in canonical JSON: of tarballs, and of attestations. These strings of bytes can only be members:
 * within a JSON string their quotes would be escaped.
 */
const links = [
  { member: '"tarball":', path: '' },
  { member: '"url":', path: ATTESTATIONS },
].map(({ member, path }) => ({
  canonical: encoder.encode(`${member}${opening(`${placeholderOrigin}${path}`)}`),
  at: (address: string) => encoder.encode(`${member}${opening(`${address}/${path}`)}`),
}));

function withLinksTo(
  address: string,
  body: NonNullable<Answer['body']>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const replacers = links.map(({ canonical, at }) => replacer(canonical, at(address)));
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

/** A JSON string without its closing quote. */
function opening(text: string): string {
  return JSON.stringify(text).slice(0, -1);
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
