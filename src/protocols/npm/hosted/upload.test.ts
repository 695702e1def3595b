import { afterEach, describe, expect, test } from 'bun:test';
import type { BlobStore } from '../../../store.ts';
import { Budget } from '../../budget.ts';
import { closeWorld } from '../world.contract.ts';
import { openHome } from './home.contract.ts';
import { heldBytes, takeUpload } from './upload.ts';

afterEach(closeWorld);

const signal = new AbortController().signal;
const options = (blobs: BlobStore, maxDocumentBytes = 1_000) => ({
  ...{ blobs, maxDocumentBytes, signal, claim: async () => {} },
  share: new Budget(1_000_000).share(),
});

const publication = (...tarballs: readonly string[]) => {
  const attachments = tarballs.map((text, at) => [`a-${at}.tgz`, { data: btoa(text) }]);
  return JSON.stringify({ name: 'a', _attachments: Object.fromEntries(attachments) });
};

const bodyOf = (text: string) => new Blob([text]).stream() as ReadableStream<Uint8Array>;

test('the tarball is in the store, with its hashes, and the document in memory', async () => {
  const { stores } = await openHome();
  const upload = await takeUpload(bodyOf(publication('bytes of it')), options(stores.blobs));
  expect(upload.tarball?.written).toMatchObject({ sizeBytes: 11, hashes: { sha512: expect.any(String) } });
  expect(Buffer.concat(upload.document.map((chunk) => new Uint8Array(chunk))).toString()).toBe(
    publication(''),
  );
});

test('a long tarball is streamed, whole, and none of it stays in memory', async () => {
  const { stores } = await openHome();
  const text = 'long '.repeat(heldBytes / 4);
  const { tarball } = await takeUpload(bodyOf(publication(text)), options(stores.blobs));
  expect(tarball).toMatchObject({ bytes: null, written: { sizeBytes: text.length } });
  const stored = await stores.blobs.open(tarball!.written.sha256);
  expect(await new Response(stored?.body).text()).toBe(text);
});

test('a client is read no faster than the store writes, but for what is held of a short tarball', async () => {
  let sent = 0;
  const head = '{"name":"a","_attachments":{"a.tgz":{"data":"';
  const body = new ReadableStream<Uint8Array>(
    { pull: (controller) => controller.enqueue(Buffer.from(sent++ === 0 ? head : 'A'.repeat(64 * 1024))) },
    { highWaterMark: 0 },
  );
  const { promise: firstTaken, resolve: took } = Promise.withResolvers<number>();
  const { stores } = await openHome();
  const slow: BlobStore = {
    ...stores.blobs,
    async write(source) {
      if (source instanceof Uint8Array) throw new Error('not streamed');
      const reader = source.getReader();
      await reader.read();
      took(sent);
      throw new Error('full');
    },
  };
  await expect(takeUpload(body, options(slow))).rejects.toThrow('full');
  expect(await firstTaken).toBeLessThanOrEqual(2 + Math.ceil(heldBytes / (48 * 1024)));
});

describe('refused is', () => {
  const refused: Record<string, readonly [text: string, code: string]> = {
    'a second tarball': [publication('one', 'two'), 'request-malformed'],
    'a document beyond its bound': [JSON.stringify({ name: 'a'.repeat(1_000) }), 'body-too-large'],
    'a tarball that breaks off': [publication('bytes').slice(0, -8), 'request-malformed'],
  };
  for (const [what, [text, code]] of Object.entries(refused)) {
    test(what, async () => {
      const { stores } = await openHome();
      await expect(takeUpload(bodyOf(text), options(stores.blobs))).rejects.toMatchObject({ code });
    });
  }
});
