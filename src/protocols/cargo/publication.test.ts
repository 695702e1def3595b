import { describe, expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { headerOf, paddingOf } from '../tar.ts';
import { inspectCrate } from './crate-file.ts';
import { readFrame } from './frame.ts';
import { indexLineOf, readPublication } from './publication.ts';

const streamOf = (bytes: Uint8Array, pieceBytes = 7) =>
  new ReadableStream<Uint8Array>({
    start(to) {
      for (let at = 0; at < bytes.length; at += pieceBytes) to.enqueue(bytes.slice(at, at + pieceBytes));
      to.close();
    },
  });

describe('what cargo publish sends', () => {
  const framed = (json: string, crate: string, announced = crate.length) => {
    const lengths = [Buffer.alloc(4), Buffer.alloc(4)] as const;
    lengths[0].writeUInt32LE(json.length);
    lengths[1].writeUInt32LE(announced);
    return Buffer.concat([lengths[0], Buffer.from(json), lengths[1], Buffer.from(crate)]);
  };
  const read = async (bytes: Uint8Array, pieceBytes?: number) => {
    const { json, crate } = await readFrame(streamOf(bytes, pieceBytes));
    return [Buffer.from(json).toString(), await new Response(crate.body).text()];
  };

  test('is read, in whatever pieces it comes', async () => {
    for (const piece of [1, 5, 1000])
      expect(await read(framed('{"name":"a"}', 'crate bytes'), piece)).toEqual([
        '{"name":"a"}',
        'crate bytes',
      ]);
  });

  test('is refused where it is shorter or longer than it says', async () => {
    const whole = framed('{}', 'crate');
    for (const cut of [0, 3, 5, 8])
      await expect(read(whole.subarray(0, cut))).rejects.toThrow('before the crate file begins');
    await expect(read(whole.subarray(0, -1))).rejects.toThrow('before its announced end');
    await expect(read(framed('{}', 'crate', 3))).rejects.toThrow('More comes');
    await expect(read(Buffer.from('ffffffff00', 'hex'))).rejects.toThrow('more than');
  });
});

describe('what it says of a crate', () => {
  const said = { name: 'my-crate', vers: '1.0.0', deps: [], features: {} };
  const read = (value: unknown) => readPublication(Buffer.from(JSON.stringify(value)));

  test('becomes a line of the index', () => {
    const dep = {
      name: 'serde',
      version_req: '^1',
      features: ['derive'],
      optional: true,
      default_features: false,
      target: null,
      kind: 'dev',
    };
    const renamed = {
      ...dep,
      kind: 'normal',
      registry: 'https://index.example.com',
      explicit_name_in_toml: 'other',
    };
    const value = read({
      ...said,
      deps: [dep, renamed],
      features: { a: ['b'], c: ['dep:serde'] },
      links: 'z',
      rust_version: '1.70',
    });
    if (typeof value === 'string') throw new Error(value);
    expect(indexLineOf(value, { sha256: 'f'.repeat(64), publishedMs: Date.UTC(2026, 0, 1) })).toEqual({
      name: 'my-crate',
      vers: '1.0.0',
      deps: [
        {
          name: 'serde',
          req: '^1',
          features: ['derive'],
          optional: true,
          default_features: false,
          target: null,
          kind: 'dev',
        },
        {
          ...{
            name: 'other',
            req: '^1',
            features: ['derive'],
            optional: true,
            default_features: false,
            target: null,
            kind: 'normal',
          },
          ...{ registry: 'https://index.example.com', package: 'serde' },
        },
      ],
      cksum: 'f'.repeat(64),
      features: { a: ['b'] },
      features2: { c: ['dep:serde'] },
      v: 2,
      links: 'z',
      rust_version: '1.70',
      pubtime: '2026-01-01T00:00:00Z',
    });
  });

  test('is refused where it is not as cargo says it', () => {
    const wrong: readonly (readonly [unknown, string])[] = [
      [null, 'not as cargo'],
      [{ ...said, name: '../etc' }, 'no name'],
      [{ ...said, name: 'nul' }, 'Windows'],
      [{ ...said, name: 'a'.repeat(65) }, 'longer'],
      [{ ...said, vers: '1.0' }, 'no version'],
      [{ ...said, vers: '1.0.0/../x' }, 'no version'],
      [{ ...said, deps: [{ name: '../x', version_req: '1' }] }, 'depends on'],
      [{ ...said, deps: [{ name: 'x' }] }, 'deps.0.version_req'],
      [{ ...said, description: 'x'.repeat(70_000) }, 'description'],
    ];
    for (const [value, words] of wrong) expect(read(value)).toContain(words);
    expect(readPublication(Buffer.from('{'))).toContain('no JSON');
    expect(readPublication(Buffer.from('ff', 'hex'))).toContain('no JSON');
  });
});

describe('a crate file', () => {
  const manifest = '[package]\nname = "a"\nversion = "1.0.0"\n';
  const entry = (path: string, text: string, type = '0') => {
    const header = Buffer.from(headerOf(path, text.length));
    if (type !== '0') {
      header.write(type, 156, 'latin1');
      const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    }
    return Buffer.concat([header, Buffer.from(text), Buffer.alloc(paddingOf(text.length))]);
  };
  const own = entry('a-1.0.0/Cargo.toml', manifest);
  const archive = (...entries: Uint8Array[]) => gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));
  const inspect = (bytes: Uint8Array) => inspectCrate(streamOf(bytes, 1000), { name: 'a', version: '1.0.0' });

  test('has all its files below one folder, and a manifest that says the same as the publication', async () => {
    const long = entry(`a-1.0.0/${'deep/'.repeat(40)}x.rs`, 'x');
    await inspect(archive(own, entry('a-1.0.0/src/', '', '5'), entry('a-1.0.0/src/lib.rs', ''), long));
  });

  test('of any other kind is refused with a reason', async () => {
    const wrong: readonly (readonly [string, Uint8Array])[] = [
      ['no Cargo.toml', archive(entry('a-1.0.0/x', ''))],
      ['says b 1.0.0', archive(entry('a-1.0.0/Cargo.toml', manifest.replace('"a"', '"b"')))],
      ['says a 1.0.1', archive(entry('a-1.0.0/Cargo.toml', manifest.replace('1.0.0', '1.0.1')))],
      ['no TOML', archive(entry('a-1.0.0/Cargo.toml', '[package'))],
      ['not below', archive(own, entry('b-1.0.0/x', ''))],
      ['not below', archive(own, entry('/etc/passwd', ''))],
      ['not below', archive(own, entry('a-1.0.0/../../etc/passwd', ''))],
      ['not below', archive(own, entry('a-1.0.0//x', ''))],
      ['not below', archive(own, entry('a-1.0.0/a\\b', ''))],
      ['not below', archive(own, entry(`a-1.0.0/${'deep/'.repeat(40)}../x.rs`, ''))],
      ['neither a file', archive(own, entry('a-1.0.0/link', '', '2'))],
      ['neither a file', archive(own, entry('a-1.0.0/link', '', '1'))],
      ['neither a file', archive(own, entry('a-1.0.0/null', '', '3'))],
      ['there twice', archive(own, own)],
      ['case alone', archive(own, entry('a-1.0.0/cargo.toml', ''))],
      ['not whole, or is no gzip', Buffer.from('PK\x03\x04')],
      ['not whole, or is no gzip', archive(own, entry('a-1.0.0/x', 'x'.repeat(9000))).subarray(0, -20)],
      ['not whole', gzipSync(own.subarray(0, 520))],
      ['no valid tar', gzipSync(Buffer.from('x'.repeat(600)))],
      ['Cargo.toml has more', archive(entry('a-1.0.0/Cargo.toml', '#'.repeat(1024 ** 2 + 1)))],
      ['header in the crate', archive(entry('PaxHeaders/x', '#'.repeat(65 * 1024), 'x'))],
    ];
    for (const [words, bytes] of wrong) await expect(inspect(bytes)).rejects.toThrow(words);
  });

  test('that unpacks to more than anybody wants is refused as soon as that is known', async () => {
    const zeros = Buffer.alloc(16 * 1024 ** 2);
    const bomb = gzipSync(
      Buffer.concat([own, Buffer.from(headerOf('a-1.0.0/bomb', 70 * zeros.length)), zeros]),
    );
    const member = gzipSync(zeros);
    const bytes = Buffer.concat([bomb, ...Array.from({ length: 69 }, () => member)]);
    await expect(inspectCrate(streamOf(bytes, 64 * 1024), { name: 'a', version: '1.0.0' })).rejects.toThrow(
      'unpacks to more',
    );
  });
});
