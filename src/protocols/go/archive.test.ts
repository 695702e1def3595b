import { describe, expect, test } from 'bun:test';
import { type ArchivedFile, contentOf, filesIn, hashOfFiles } from './archive.ts';
import { hash1 } from './dirhash.ts';
import { withSpooled } from './spooled.ts';
import { zipOf } from './zip-writer.ts';

const chunked = async function* (bytes: Uint8Array, pieceBytes = 1000) {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
};
const zipped = async (files: Readonly<Record<string, string | Uint8Array>>) => {
  const parts: Uint8Array[] = [];
  const entries = Object.entries(files).map(([name, content]) => ({
    name,
    chunks: () => chunked(Buffer.from(content)),
  }));
  for await (const part of zipOf(entries)) parts.push(part);
  return Buffer.concat(parts);
};
const look = <Result>(
  bytes: Uint8Array,
  work: (files: readonly ArchivedFile[]) => Promise<Result>,
  maxBytes = 10_000_000,
) => withSpooled(chunked(bytes), maxBytes, async (spooled) => work(await filesIn(spooled)));
const sha256 = (bytes: string | Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex');

describe('a zip on the disk', () => {
  const big = crypto.getRandomValues(new Uint8Array(60_000));
  const content = { 'm@v1/a.go': 'package a\n', 'm@v1/empty': '', 'm@v1/é/big': big };

  test('is read as it was written', async () => {
    const hash = await look(await zipped(content), async (files) => {
      expect(files.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
        ['m@v1/a.go', 10],
        ['m@v1/empty', 0],
        ['m@v1/é/big', 60_000],
      ]);
      expect(Buffer.from(await contentOf(files[0]!, 100)).toString()).toBe('package a\n');
      return hashOfFiles(files);
    });
    expect(hash).toBe(
      hash1(Object.entries(content).map(([name, bytes]) => ({ name, sha256: sha256(bytes) }))),
    );
  });

  test('is the same whenever it is written', async () => {
    expect(sha256(await zipped(content))).toBe(sha256(await zipped(content)));
  });

  test('can be read after it was looked at, once or twice', async () => {
    const bytes = await zipped(content);
    const [first, second] = await withSpooled(chunked(bytes), 1_000_000, async (spooled) => {
      expect([spooled.sizeBytes, spooled.sha256]).toEqual([
        bytes.length,
        Buffer.from(sha256(bytes), 'hex').toString('base64'),
      ]);
      return [spooled.stream(), spooled.stream()];
    });
    await first?.cancel();
    expect(Buffer.from(await new Response(second).arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('is refused where it is no zip, not whole, too long, or not what it says of itself', async () => {
    const bytes = await zipped(content);
    const damaged = Buffer.from(bytes);
    damaged[bytes.length >> 1]! ^= 1;
    // What the first file's end of the directory says of its length.
    const lying = Buffer.from(bytes);
    lying.writeUInt32LE(9, bytes.indexOf(Buffer.from('504b0102', 'hex')) + 24);
    const hash = (of: Uint8Array) => look(of, hashOfFiles);
    await expect(hash(Buffer.from('no zip'))).rejects.toThrow('cannot be read');
    await expect(hash(Buffer.alloc(0))).rejects.toThrow('cannot be read');
    for (const cut of [1, 20, 100, bytes.length - 40])
      await expect(hash(bytes.subarray(0, -cut))).rejects.toThrow('cannot be read');
    await expect(hash(damaged)).rejects.toThrow('cannot be read');
    await expect(hash(lying)).rejects.toThrow('cannot be read');
    await expect(look(bytes, hashOfFiles, 100)).rejects.toThrow('more than 100 bytes');
  });

  test('that says it unpacks to more than a module may have is not unpacked', async () => {
    const bomb = await zipped({ 'm@v1/bomb': 'x' });
    bomb.writeUInt32LE(600 * 2 ** 20, bomb.indexOf(Buffer.from('504b0102', 'hex')) + 24);
    await expect(look(bomb, hashOfFiles)).rejects.toThrow('unpacks to more');
  });

  test('whose names lead out of it is refused', async () => {
    for (const name of ['/etc/passwd', '../x', 'a/../../x', 'a\\b', 'C:/x']) {
      await expect(look(await zipped({ [name]: 'x' }), hashOfFiles)).rejects.toThrow('cannot be read');
    }
  });
});
