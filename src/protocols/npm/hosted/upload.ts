/**
 * Takes in what a client publishes: the document into memory, within a bound, and the tarball into the blob store as it
 * arrives.
 */
import { MeridianError } from '../../../errors.ts';
import type { BlobStore, WriteOptions, WrittenBlob } from '../../../store.ts';
import { chunksOf, type Share } from '../upstream.ts';
import { type Piece, splitter } from './split.ts';

/** The document without tarballs, in buffers that can be transferred to the worker. */
export interface Upload {
  readonly document: ArrayBuffer[];
  readonly tarball: WrittenBlob | null;
}

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
  let tarball: WrittenBlob | null = null;
  try {
    for (;;) {
      const { value: piece, done } = await pieces.next();
      if (done) return { document, tarball };
      if (piece.kind === 'tarball') {
        if (tarball !== null)
          throw new MeridianError('request-malformed', 'More than one tarball is attached.');
        tarball = await blobs.write(tarballOf(pieces), { hash: ['sha1', 'sha512'], claim, signal });
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

/** The tarball that has begun, read as the store takes it. */
function tarballOf(pieces: AsyncGenerator<Piece, void, undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { value: piece, done } = await pieces.next();
        if (done) controller.error(new MeridianError('request-malformed', 'The tarball broke off.'));
        else if (piece.kind === 'bytes') controller.enqueue(piece.bytes);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

/** Leaving early cancels the body. */
async function* piecesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Piece, void, undefined> {
  const split = splitter();
  for await (const chunk of chunksOf(body)) yield* split.push(chunk);
  split.end();
}
