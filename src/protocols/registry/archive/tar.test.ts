import { describe, expect, test } from 'bun:test';
import { headerOf, paddingOf } from '../../tar.ts';
import { refusalOf } from '../hosted/home.contract.ts';
import { readTar } from './tar.ts';

function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(files).flatMap(([path, text]) => {
    const bytes = Buffer.from(text);
    return [headerOf(path, bytes.length), bytes, Buffer.alloc(paddingOf(bytes.length))];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

function streamOf(bytes: Uint8Array, chunkBytes = 300): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(new Uint8Array(bytes.subarray(at, at + chunkBytes)));
      at += chunkBytes;
    },
  });
}

const wanted = (path: string) => path.endsWith('PKG-INFO');
const options = { gzip: true, wanted, maxBytes: 1000 };
const zipped = (bytes: Uint8Array) => streamOf(Bun.gzipSync(new Uint8Array(bytes)));

describe('a tar archive', () => {
  test('gives what is wanted of it, packed or not, and counts the rest', async () => {
    const archive = tarOf({ 'a-1/PKG-INFO': 'Name: a', 'a-1/large': 'x'.repeat(10_000) });
    for (const [source, gzip] of [
      [zipped(archive), true],
      [streamOf(archive), false],
    ] as const) {
      const { kept, fileCount, unpackedBytes } = await readTar(source, { ...options, gzip });
      expect([...kept].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)])).toEqual([
        ['a-1/PKG-INFO', 'Name: a'],
      ]);
      expect([fileCount, unpackedBytes]).toEqual([2, 10_007]);
    }
  });

  test('may have long names', async () => {
    const path = `${'folder/'.repeat(40)}PKG-INFO`;
    const { kept } = await readTar(zipped(tarOf({ [path]: 'text' })), options);
    expect([...kept.keys()]).toEqual([path]);
  });

  test('with a name that leads elsewhere is refused', async () => {
    for (const path of ['../a', '/etc/passwd', 'a/../../b', 'a/..'])
      expect(await refusalOf(readTar(zipped(tarOf({ [path]: '' })), options))).toContain('leads elsewhere');
  });

  test('of which too much is wanted is refused', async () => {
    const archive = tarOf({ 'PKG-INFO': 'x'.repeat(600), 'b/PKG-INFO': 'x'.repeat(600) });
    expect(await refusalOf(readTar(zipped(archive), options))).toContain('more than 1000 bytes');
  });

  test('that breaks off, or is none, is refused', async () => {
    const archive = tarOf({ 'PKG-INFO': 'x'.repeat(600) });
    expect(
      await refusalOf(readTar(streamOf(archive.subarray(0, 700)), { ...options, gzip: false })),
    ).toStartWith('400');
    const packed = Bun.gzipSync(new Uint8Array(archive));
    expect(await refusalOf(readTar(streamOf(packed.subarray(0, 40)), options))).toStartWith('400');
    expect(await refusalOf(readTar(streamOf(Buffer.from('no gzip')), options))).toStartWith('400');
    expect(await refusalOf(readTar(zipped(Buffer.alloc(2048, 1)), options))).toStartWith('400');
  });
});
