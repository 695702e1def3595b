/** What archives are made of, read: good and bad. */
import { describe, expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { debOf, tarOf } from '../../../test/support/deb.ts';
import { inspectDeb } from './deb.ts';
import { fieldsOf, parseParagraph, writeParagraph } from './deb822.ts';
import { hashIn, locate, poolNameIn, releaseFolders } from './path.ts';
import { poolKeyOf } from './pool-key.ts';
import { findInPool, othersThan, writePoolIndex } from './pull/pool-index.ts';
import { clearTextOf, parseRelease } from './release.ts';
import { unpacked } from './unpack.ts';

const limits = { fields: 10, bytes: 1000 };
const hex = (digit: string) => digit.repeat(64);

describe('paragraphs', () => {
  test('are read with their folded lines, and written as they were', () => {
    const text = 'Package: a\nDescription: short\n long\n .\n more\nDepends: b, c\n';
    expect(parseParagraph(text, limits).get('description')).toBe('short\n long\n .\n more');
    expect(writeParagraph(fieldsOf(text, limits))).toBe(text);
  });

  test.each([
    ['a second paragraph', 'A: 1\n\nB: 2\n', 'more than one paragraph'],
    ['no fields', 'hello\n', 'is no field'],
    ['a field twice', 'A: 1\na: 2\n', 'twice'],
    ['a folded line first', ' x\n', 'belongs to no field'],
    [
      'too many fields',
      Array.from({ length: 20 }, (_, nth) => `F${nth}: 1`).join('\n'),
      'more than 10 fields',
    ],
    ['too many bytes', `A: ${'x'.repeat(1000)}`, 'more than 1000 bytes'],
    ['what is no text', 'A: \0', 'no text'],
  ])('with %s are refused', (_, text, why) => {
    expect(() => fieldsOf(text, limits)).toThrow(why);
  });
});

describe('releases', () => {
  const text = `Suite: stable\nDate: Sat, 01 Aug 2026 10:00:00 UTC\nAcquire-By-Hash: yes\nSHA256:\n ${hex('a')} 12 main/binary-amd64/Packages\n`;
  const signed = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${text}- -dash\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n`;

  test('name their indexes by hash, signed or not', () => {
    for (const release of [parseRelease(text), parseRelease(clearTextOf(signed.replace('- -dash\n', '')))]) {
      expect(release.indexes.get('main/binary-amd64/Packages')).toMatchObject({
        sha256: hex('a'),
        sizeBytes: 12,
      });
      expect([release.byHash, release.dateMs]).toEqual([true, Date.UTC(2026, 7, 1, 10)]);
    }
    expect(clearTextOf(signed)).toContain('\n-dash');
  });

  test.each([
    ['cut off', signed.slice(0, -30), 'not whole'],
    ['preceded by what nobody has signed', `Suite: other\n${signed}`, 'stands before'],
  ])('that are %s are refused', (_, broken, why) => {
    expect(() => clearTextOf(broken)).toThrow(why);
  });

  test.each([
    ['a page of a portal', '<html>hello</html>', 'is no field'],
    ['a broken hash', text.replace(hex('a'), 'zz'), 'list of indexes is broken'],
    ['nothing', '', 'empty'],
  ])('that are %s are refused', (_, broken, why) => {
    expect(() => parseRelease(broken)).toThrow(why);
  });
});

describe('addresses', () => {
  test.each([
    ['/debian/dists/bookworm/InRelease', 'in-release', 'dists/bookworm/InRelease'],
    ['/debian/dists/bookworm/main/binary-amd64/Release', 'index', 'dists/bookworm/main/binary-amd64/Release'],
    [
      '/debian/dists/bookworm/main/binary-amd64/Packages.diff/T-1-F-2.gz',
      'patch',
      'dists/bookworm/main/binary-amd64/Packages.diff/T-1-F-2.gz',
    ],
    [
      '/debian/pool/main/g/gcc/libstdc%2b%2b6_12.2.0-14_amd64.deb',
      'pool',
      'pool/main/g/gcc/libstdc++6_12.2.0-14_amd64.deb',
    ],
    ['/flat/./Packages.gz', 'index', 'Packages.gz'],
    ['/flat/InRelease', 'in-release', 'InRelease'],
    ['/third/key.gpg', 'other', 'key.gpg'],
  ])('%s is of the kind %s', (address, kind, path) => {
    expect(locate(address)).toMatchObject({ kind, path });
  });

  test.each([
    '/debian/../etc/passwd',
    '/debian/%2e%2e/x',
    '/debian/a%2fb',
    '/debian/a%00b',
    '/debian/%zz',
    '/-x/a',
    '/debian/a%5cb',
  ])('%s is malformed', (address) => {
    expect(locate(address)).toHaveProperty('malformed');
  });

  test('name hashes that can be checked, and no others', () => {
    expect(hashIn(`a/by-hash/SHA256/${hex('a')}`)).toEqual({ algorithm: 'sha256', hex: hex('a') });
    expect(hashIn(`a/by-hash/MD5Sum/${'a'.repeat(32)}`)).toBeNull();
    expect(hashIn('a/by-hash/SHA256/abc')).toBeNull();
  });

  test('say which package, version and architecture a file is, and where its suite may be', () => {
    expect(poolNameIn('pool/x/a_1%3a2.0-1_amd64.deb')).toEqual({
      name: 'a',
      version: '1:2.0-1',
      architecture: 'amd64',
    });
    expect(poolNameIn('pool/x/hello_2.10.orig.tar.gz')).toMatchObject({ name: 'hello', version: '2.10' });
    expect(releaseFolders('dists/a/b/main/binary-amd64/Packages')).toEqual([
      'dists/a',
      'dists/a/b',
      'dists/a/b/main',
    ]);
    expect(releaseFolders('x/Packages')).toEqual(['x', '']);
  });
});

describe('indexes of a pool', () => {
  async function* pieces(text: string) {
    for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7));
  }
  const listOf = (files: Readonly<Record<string, string>>) =>
    Object.entries(files)
      .map(([path, digit]) => `Package: x\nFilename: ${path}\nSize: 1\nSHA256: ${hex(digit)}\n`)
      .join('\n');

  test('find the digest of a file, and what has other bytes than before', async () => {
    const before = await writePoolIndex(
      pieces(listOf({ 'pool/a.deb': '1', './b.deb': '2', 'pool/c.deb': '3' })),
      'Packages',
    );
    const after = await writePoolIndex(
      pieces(listOf({ 'pool/a.deb': '1', './b.deb': '4', 'pool/d.deb': '3' })),
      'Packages',
    );
    expect(findInPool(before, poolKeyOf('pool/a.deb'))).toBe(hex('1'));
    expect(findInPool(before, poolKeyOf('b.deb'))).toBe(hex('2'));
    expect(findInPool(before, poolKeyOf('pool/d.deb'))).toBeNull();
    expect([...othersThan(before, after)]).toEqual([poolKeyOf('b.deb')]);
  });

  test('know the files of sources', async () => {
    const text = `Package: h\nDirectory: pool/h\nChecksums-Sha256:\n ${hex('5')} 12 h_1.dsc\n ${hex('6')} 12 h_1.tar.xz\nHomepage: x\n`;
    const index = await writePoolIndex(pieces(text), 'Sources');
    expect(findInPool(index, poolKeyOf('pool/h/h_1.tar.xz'))).toBe(hex('6'));
  });
});

describe('packages', () => {
  const control = 'Package: acme\nVersion: 1.0\nArchitecture: all\n';

  const inspect = (bytes: Uint8Array) =>
    inspectDeb(async (from, length) => new Uint8Array(bytes.subarray(from, from + length)), bytes.length);
  const good = debOf(gzipSync(tarOf('./control', control)));

  test('say what they are', async () => {
    expect(await inspect(good)).toMatchObject({ name: 'acme', version: '1.0', architecture: 'all' });
  });

  test.each([
    ['text', Buffer.from('hello'), 'no Debian package'],
    ['cut off', good.subarray(0, good.length - 30), 'breaks off'],
    ['cut off early', good.subarray(0, 100), 'breaks off'],
    [
      'of another format',
      debOf(gzipSync(tarOf('./control', control)), 'control.tar.gz', '0.9\n'),
      'format 2',
    ],
    ['without control', debOf(gzipSync(tarOf('./else', control))), 'no control file'],
    ['with broken gzip', debOf(Buffer.from('nonsense')), 'not valid gzip'],
    ['with broken xz', debOf(Buffer.from('nonsense'), 'control.tar.xz'), 'no .xz file'],
    ['with an unknown packing', debOf(Buffer.from('x'), 'control.tar.bz2'), 'second member'],
    ['with a bomb', debOf(gzipSync(Buffer.alloc(80 * 1024 * 1024))), 'unpacks to more'],
    ['with a name that leads elsewhere', debOf(gzipSync(tarOf('../../control', control))), 'leads elsewhere'],
    [
      'without a version',
      debOf(gzipSync(tarOf('./control', 'Package: acme\nArchitecture: all\n'))),
      'no Version',
    ],
    [
      'with a malformed name',
      debOf(gzipSync(tarOf('./control', control.replace('acme', 'A/../b')))),
      'Package is malformed',
    ],
    [
      'with two paragraphs',
      debOf(gzipSync(tarOf('./control', `${control}\nPackage: other\n`))),
      'more than one paragraph',
    ],
    [
      'with a long control file',
      debOf(gzipSync(tarOf('./control', `${control}X: ${'y'.repeat(30_000)}\n`))),
      'more than',
    ],
  ])('that are %s are refused', async (_, bytes, why) => {
    await expect(inspect(bytes)).rejects.toThrow(why);
  });
});

describe('what is packed', () => {
  async function unpack(bytes: Uint8Array, packing: 'gz' | 'xz' | 'zst', most = 10_000_000): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of unpacked(bytes, packing, most)) pieces.push(piece);
    return Buffer.concat(pieces);
  }
  const plain = Buffer.from(Array.from({ length: 20_000 }, (_, nth) => `line ${nth * 7919}\n`).join(''));
  const packedBy = (...args: string[]) => {
    const { stdout } = Bun.spawnSync(['xz', '-c', ...args], { stdin: plain });
    return new Uint8Array(stdout);
  };
  const hasXz = Bun.which('xz') !== null;

  test
    .skipIf(!hasXz)
    .each([
      [['-6']],
      [['-0', '--check=crc32']],
      [['--lzma2=preset=6,lc=1,lp=2,pb=0,dict=4096']],
      [['--block-size=5000', '--check=none']],
    ])('by xz %p is unpacked', async (args) => {
    expect((await unpack(packedBy(...args), 'xz')).equals(plain)).toBeTrue();
  });

  test.skipIf(!hasXz)('by xz, broken at any place, ends in a sentence or is the same', async () => {
    const packed = packedBy('--check=crc32');
    for (let at = 0; at < packed.length; at += 997) {
      const broken = packed.slice();
      broken[at] = (broken[at] ?? 0) ^ 0x20;
      const result = await unpack(broken, 'xz').catch((error: unknown) => error);
      expect(result instanceof Error ? result.name : 'same').toBe('UnpackError');
    }
    await expect(unpack(packed.subarray(0, packed.length - 5), 'xz')).rejects.toThrow('ends too early');
    await expect(unpack(packed, 'xz', 1000)).rejects.toThrow('more than 1000 bytes');
  });

  test('by zstd is unpacked within the bound', async () => {
    const packed = Bun.zstdCompressSync(plain);
    expect((await unpack(packed, 'zst')).equals(plain)).toBeTrue();
    await expect(unpack(packed, 'zst', 1000)).rejects.toThrow('more than 1000 bytes');
  });
});
