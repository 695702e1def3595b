import { describe, expect, test } from 'bun:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { MeridianError } from '../../../errors.ts';
import { refusalOf } from '../hosted/home.contract.ts';
import { openZip, type ZipSource, zipEntry } from './zip.ts';

interface Made {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What the archive says instead of the truth. */
  readonly says?: { readonly unpacked?: number; readonly crc?: number; readonly flags?: number };
}

/** An archive as tools write it; with 64-bit fields, where that is said. */
function zipOf(files: readonly Made[], isLarge = false): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, says = {} } of files) {
    const packed = deflateRawSync(bytes);
    const path = Buffer.from(name);
    const { unpacked = bytes.length, crc = crc32(bytes), flags = 0x800 } = says;
    const fixed = Buffer.alloc(26);
    fixed.writeUInt16LE(isLarge ? 45 : 20, 0);
    fixed.writeUInt16LE(flags, 2);
    fixed.writeUInt16LE(8, 4);
    fixed.writeUInt32LE(crc, 10);
    fixed.writeUInt32LE(packed.length, 14);
    fixed.writeUInt32LE(unpacked, 18);
    fixed.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fixed, path, packed]);
    const central = Buffer.from(fixed);
    const extra = Buffer.alloc(isLarge ? 28 : 0);
    if (isLarge) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      extra.writeBigUInt64LE(BigInt(unpacked), 4);
      extra.writeBigUInt64LE(BigInt(packed.length), 12);
      extra.writeBigUInt64LE(BigInt(at), 20);
      central.fill(0xff, 14, 22);
      central.writeUInt16LE(extra.length, 24);
    }
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(isLarge ? 0xffffffff : at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), central, tail, path, extra]));
    parts.push(local);
    at += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return new Uint8Array(Buffer.concat([...parts, list, end]));
}

const textFile = (name: string, text: string, says: Made['says'] = {}): Made => ({
  ...{ name, bytes: Buffer.from(text), says },
});

/** @param read how many bytes of it have been read. */
function sourceOf(bytes: Uint8Array<ArrayBuffer>, read = { bytes: 0 }): ZipSource {
  return {
    sizeBytes: bytes.length,
    async open({ from, to }) {
      const part = bytes.slice(from, to + 1);
      read.bytes += part.length;
      return new Blob([part]).stream();
    },
  };
}

async function textIn(files: readonly Made[], name: string, maxBytes = 1000, isLarge = false) {
  const zip = await openZip(sourceOf(zipOf(files, isLarge)));
  const bytes = await zipEntry(zip, name, maxBytes);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

describe('a zip archive', () => {
  test('gives single entries, and reads no others for that', async () => {
    const noise = Buffer.concat(
      Array.from({ length: 5 }, () => crypto.getRandomValues(new Uint8Array(60_000))),
    );
    const files = [
      textFile('pkg/', ''),
      { name: 'pkg/large', bytes: noise },
      textFile('pkg/METADATA', 'Name: pkg'),
    ];
    const read = { bytes: 0 };
    const archive = zipOf(files);
    const zip = await openZip(sourceOf(archive, read));
    expect([...zip.entries.keys()]).toEqual(['pkg/large', 'pkg/METADATA']);
    expect(zip.entries.get('pkg/METADATA')?.sizeBytes).toBe(9);
    expect(new TextDecoder().decode((await zipEntry(zip, 'pkg/METADATA', 100)) ?? new Uint8Array())).toBe(
      'Name: pkg',
    );
    // The end of an archive, which says where its list is, may be 64 KiB long.
    expect(read.bytes).toBeLessThan(70_000);
    const large = await zip.entries.get('pkg/large')?.open();
    expect(noise.equals(await new Response(large).bytes())).toBe(true);
    expect(await zipEntry(zip, 'none', 100)).toBeNull();
  });

  test('may have 64-bit fields', async () => {
    expect(await textIn([textFile('a', 'one'), textFile('b', 'two')], 'b', 100, true)).toBe('two');
  });

  test('with a name that leads elsewhere, or is there twice, is refused', async () => {
    for (const name of ['../a', 'a/../../b', '/etc/passwd', 'C:/a', 'a\\..\\..\\b'])
      expect([name, await refusalOf(textIn([textFile(name, 'x')], name))]).toEqual([
        name,
        expect.stringMatching(/^400 /),
      ]);
    expect(await refusalOf(textIn([textFile('a', '1'), textFile('a', '2')], 'a'))).toContain('"a" twice');
  });

  test('that unpacks to far more than it is is refused before anything is unpacked', async () => {
    const bomb = Array.from({ length: 5 }, (_, nth) =>
      textFile(`${nth}`, 'x'.repeat(1000), { unpacked: 2 ** 31 }),
    );
    expect(await refusalOf(textIn(bomb, '0'))).toStartWith('400 The archive is not taken');
    expect(await refusalOf(textIn([textFile('a', 'x'.repeat(2000))], 'a'))).toContain('more than 1000 bytes');
  });

  test('whose entries are not what it says is refused', async () => {
    const long = textFile('a', 'x'.repeat(900), { unpacked: 10 });
    expect(await refusalOf(textIn([long], 'a'))).toStartWith('400');
    expect(await refusalOf(textIn([textFile('a', 'short', { unpacked: 900 })], 'a'))).toStartWith('400');
    expect(await refusalOf(textIn([textFile('a', 'text', { crc: 1 })], 'a'))).toContain('checksum');
    expect(await refusalOf(textIn([textFile('a', 'text', { flags: 1 })], 'a'))).toContain('encrypted');
  });

  test('that is broken anywhere is refused, and never waited for', async () => {
    const whole = zipOf([textFile('a', 'some text'), textFile('b', 'more text')]);
    expect(await refusalOf(openZip(sourceOf(new Uint8Array())))).toStartWith('400');
    expect(await refusalOf(openZip(sourceOf(new Uint8Array(1000))))).toStartWith('400');
    let refused = 0;
    for (let length = 0; length < whole.length; length += 7)
      if ((await refusalOf(openZip(sourceOf(whole.slice(0, length))))).startsWith('400')) refused++;
    expect(refused).toBe(Math.ceil(whole.length / 7));
    for (let at = 0; at < whole.length; at++) {
      const broken = whole.slice();
      broken[at] = (broken[at] ?? 0) ^ 0xff;
      const outcome = await refusalOf(openZip(sourceOf(broken)).then((zip) => zipEntry(zip, 'a', 1000)));
      expect([at, outcome]).toEqual([at, expect.stringMatching(/^(?:done|400 )/)]);
    }
  });

  test('whose store fails is not to blame for it', async () => {
    const open = () => Promise.reject(new MeridianError('store-unavailable', 'the disk is gone'));
    expect(await refusalOf(openZip({ sizeBytes: 1000, open }))).toBe('store-unavailable');
  });
});
