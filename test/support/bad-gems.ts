/** Gems that nobody should take in: a good one, taken apart and put together otherwise. */
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { headerOf, paddingOf } from '../../src/protocols/tar.ts';
import { buildGem } from './gem-repository.ts';

/** What a gem is made of. */
export interface GemParts {
  /** All of it. */
  readonly whole: Buffer;
  /** The specification. */
  readonly yaml: string;
  /** The archive of its files, packed. */
  readonly data: Buffer;
}

export async function gemParts(folder: string): Promise<GemParts> {
  const whole = readFileSync(await buildGem(folder, { name: 'acme-bad', version: '1.0.0' }));
  const entry = (name: string) => {
    for (let at = 0; at < whole.length; ) {
      const size = Number.parseInt(whole.toString('latin1', at + 124, at + 135), 8);
      if (whole.toString('latin1', at, at + 100).replace(/\0.*$/s, '') === name)
        return whole.subarray(at + 512, at + 512 + size);
      at += 512 + size + paddingOf(size);
    }
    throw new Error(`the gem has no ${name}`);
  };
  return {
    whole,
    yaml: gunzipSync(entry('metadata.gz')).toString('utf8'),
    data: Buffer.from(entry('data.tar.gz')),
  };
}

export function tar(files: Readonly<Record<string, Uint8Array | string>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, content]) => {
    const bytes = Buffer.from(content);
    return [Buffer.from(headerOf(name, bytes.length)), bytes, Buffer.alloc(paddingOf(bytes.length))];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

const gem = (yaml: string, data: Uint8Array, more: Readonly<Record<string, Uint8Array>> = {}) =>
  tar({ 'metadata.gz': gzipSync(yaml), 'data.tar.gz': data, ...more });

/** A link, of which the archive's own writer makes none. */
function link(path: string, to: string): Buffer {
  const header = Buffer.from(headerOf(path, 0));
  header.write('2', 156, 'latin1');
  header.write(to, 157, 'latin1');
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return Buffer.concat([header, Buffer.alloc(1024)]);
}

const aliases = 'abcdefghij'.split('');
const yamlBomb = aliases
  .map(
    (name, at) =>
      `${name}: &${name} [${Array(9)
        .fill(at === 0 ? 'x' : `*${aliases[at - 1]}`)
        .join(', ')}]`,
  )
  .join('\n');

interface Bad {
  readonly why: RegExp;
  make(parts: GemParts): Uint8Array;
}

export const badGems: Readonly<Record<string, Bad>> = {
  'what is no archive': { why: /tar archive/, make: () => Buffer.alloc(2000, 'not a gem') },
  'a gem that breaks off': { why: /breaks off/, make: ({ whole }) => whole.subarray(0, 700) },
  'a gem without a specification': {
    why: /no specification/,
    make: ({ data }) => tar({ 'data.tar.gz': data }),
  },
  'a gem without files': { why: /no files/, make: ({ yaml }) => tar({ 'metadata.gz': gzipSync(yaml) }) },
  'a gem with something else in it': {
    why: /no use for/,
    make: ({ yaml, data }) => gem(yaml, data, { 'evil.sh': Buffer.from('x') }),
  },
  'a specification that is no gzip': {
    why: /no valid gzip/,
    make: ({ data }) => tar({ 'metadata.gz': 'plain', 'data.tar.gz': data }),
  },
  'a specification that grows to gigabytes': {
    why: /unpacks to more than/,
    make: ({ data }) => gem('a'.repeat(64 * 2 ** 20), data),
  },
  'a specification that is no YAML': { why: /not YAML/, make: ({ data }) => gem('a: [', data) },
  'YAML whose aliases grow': { why: /not YAML/, make: ({ data }) => gem(yamlBomb, data) },
  'YAML that is nested too deeply': { why: /not YAML/, make: ({ data }) => gem('['.repeat(200_000), data) },
  'another class of Ruby': {
    why: /names a class/,
    make: ({ yaml, data }) => gem(yaml.replace('summary: ', 'summary: !ruby/object:ERB '), data),
  },
  'a name that leads elsewhere': {
    why: /name that none may have/,
    make: ({ yaml, data }) => gem(yaml.replace('name: acme-bad', 'name: ../acme-bad'), data),
  },
  'a version that is none': {
    why: /version/,
    make: ({ yaml, data }) => gem(yaml.replace('version: 1.0.0', "version: '1.0/0'"), data),
  },
  'a platform that is none': {
    why: /platform/,
    make: ({ yaml, data }) => gem(yaml.replace('platform: ruby', "platform: '../x'"), data),
  },
  'files that are no gzip': { why: /no valid gzip/, make: ({ yaml }) => gem(yaml, Buffer.from('plain')) },
  'files that break off': {
    why: /breaks off|gzip/,
    make: ({ yaml }) => gem(yaml, gzipSync(tar({ 'lib/a.rb': 'x'.repeat(5000) }).subarray(0, 2000))),
  },
  'a file outside of its folder': {
    why: /outside of its own folder/,
    make: ({ yaml }) => gem(yaml, gzipSync(tar({ '../../evil.rb': 'x' }))),
  },
  'an absolute path': {
    why: /outside of its own folder/,
    make: ({ yaml }) => gem(yaml, gzipSync(tar({ '/etc/passwd': 'x' }))),
  },
  'a link that leads outside': {
    why: /link that leads outside/,
    make: ({ yaml }) => gem(yaml, gzipSync(link('lib/a.rb', '../../../etc/passwd'))),
  },
  'files that grow to far more than they are': {
    why: /unpacks to more than/,
    make: ({ yaml }) => gem(yaml, gzipSync(tar({ 'lib/zeros': Buffer.alloc(80 * 2 ** 20) }))),
  },
  'wrong checksums': {
    why: /damaged/,
    make: ({ yaml, data }) =>
      gem(yaml, data, { 'checksums.yaml.gz': gzipSync(`---\nSHA256:\n  data.tar.gz: ${'0'.repeat(64)}\n`) }),
  },
  'the same part twice': {
    why: /twice/,
    make: ({ yaml, data }) =>
      Buffer.concat([tar({ 'metadata.gz': gzipSync(yaml) }).subarray(0, -1024), gem(yaml, data)]),
  },
};
