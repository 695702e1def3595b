/**
 * Takes in what a client publishes: the document into memory, within a bound, and the tarball into the blob store as it
 * arrives. A short tarball, as most are, is waited for and written at once: a stream costs more than its bytes.
 */
import { MeridianError } from '../../../errors.ts';
import type { BlobStore, WriteOptions, WrittenBlob } from '../../../store.ts';
import { chunksOf } from '../../bodies.ts';
import type { Share } from '../../budget.ts';
import { type Piece, splitter } from './split.ts';

/** The document without tarballs, in buffers that can be transferred to the worker. */
export interface Upload {
  readonly document: ArrayBuffer[];
  readonly tarball: Tarball | null;
}

export interface Tarball {
  readonly written: WrittenBlob;
  /** All of it, where it is short: who looks into it has no need to read it again. */
  readonly bytes: Uint8Array | null;
}

/** Of tarballs that are written at once, and of what is looked at of a longer one before it is streamed. */
export const heldBytes = 256 * 1024;

export interface UploadOptions {
  readonly blobs: BlobStore;
  readonly maxDocumentBytes: number;
  /** Of the memory for documents. */
  readonly share: Share;
  readonly claim: NonNullable<WriteOptions['claim']>;
  readonly signal: AbortSignal;
}

export async function takeUpload(
  body: ReadableStream<Uint8Array> | null,
  { blobs, maxDocumentBytes, share, claim, signal }: UploadOptions,
): Promise<Upload> {
  const pieces = piecesOf(body);
  const document: ArrayBuffer[] = [];
  let size = 0;
  let tarball: Tarball | null = null;
  try {
    for (;;) {
      const { value: piece, done } = await pieces.next();
      if (done) return { document, tarball };
      if (piece.kind === 'tarball') {
        if (tarball !== null)
          throw new MeridianError('request-malformed', 'More than one tarball is attached.');
        share.take(heldBytes);
        const { whole, held } = await holdStart(pieces);
        const source = whole ?? tarballOf(held, pieces);
        const written = await blobs.write(source, { hash: ['sha1', 'sha512'], claim, signal });
        tarball = { written, bytes: whole };
      } else if (piece.kind === 'document') {
        size += piece.bytes.byteLength;
        if (size > maxDocumentBytes) {
          const detail = `Without its tarball, what is published has more than ${maxDocumentBytes} bytes (\`maxPackumentBytes\`).`;
          throw new MeridianError('body-too-large', detail);
        }
        share.take(piece.bytes.byteLength);
        document.push(piece.bytes.slice().buffer as ArrayBuffer);
      }
    }
  } finally {
    await pieces.return();
  }
}

interface Start {
  /** `null`: there is more of it, or there may be. */
  readonly whole: Uint8Array | null;
  readonly held: Uint8Array[];
}

/** The start of the tarball that has begun, to see whether that is all. */
async function holdStart(pieces: AsyncGenerator<Piece, void, undefined>): Promise<Start> {
  const held: Uint8Array[] = [];
  for (let size = 0; size < heldBytes; ) {
    const bytes = await nextBytes(pieces);
    if (bytes === null) return { whole: held.length === 1 && held[0] ? held[0] : Buffer.concat(held), held };
    held.push(bytes);
    size += bytes.byteLength;
  }
  return { whole: null, held };
}

/** The tarball that has begun, read as the store takes it. */
function tarballOf(
  held: Uint8Array[],
  pieces: AsyncGenerator<Piece, void, undefined>,
): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const bytes = held.shift() ?? (await nextBytes(pieces));
        if (bytes === null) controller.close();
        else controller.enqueue(bytes);
      },
    },
    { highWaterMark: 0 },
  );
}

/** `null`: the tarball is whole. */
async function nextBytes(pieces: AsyncGenerator<Piece, void, undefined>): Promise<Uint8Array | null> {
  const { value: piece, done } = await pieces.next();
  if (done) throw new MeridianError('request-malformed', 'The tarball broke off.');
  return piece.kind === 'bytes' ? piece.bytes : null;
}

/** Leaving early cancels the body. */
async function* piecesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Piece, void, undefined> {
  const split = splitter();
  for await (const chunk of chunksOf(body)) yield* split.push(chunk);
  split.end();
}
