/**
 * The lists that clients fetched before there was a compact index, and that `gem list --remote` and `gem outdated` still do: `specs.4.8.gz` and its
 * two kin, arrays of `[name, Gem::Version, platform]` in Ruby's own format. Read without making anything of what they name but texts, and written
 * anew where the gems of several places stand in one list.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { turn } from '../turn.ts';
import type { Build } from './file-name.ts';
import { marshal, Writer } from './marshal.ts';

/** Builds between two turns for everybody else. */
const atOnce = 10_000;
const mostDepth = 8;

/** Completes "The list …". */
export class SpecsError extends Error {}

/** @param maxBytes of what it unpacks to. @throws {SpecsError} */
export async function readSpecs(packed: Uint8Array, maxBytes: number): Promise<readonly Build[]> {
  let bytes: Buffer;
  try {
    bytes = await promisify(gunzip)(packed, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new SpecsError(`is no gzip of at most ${maxBytes} bytes`, { cause });
  }
  if (bytes[0] !== 4 || bytes[1] !== 8) throw new SpecsError('is not in the format Marshal 4.8');
  const reader = openReader(bytes);
  const length = reader.list();
  const builds: Build[] = [];
  for (let at = 0; at < length; at += 1) {
    builds.push(buildOf(reader.value(0)));
    if (at % atOnce === atOnce - 1) await turn();
  }
  return builds;
}

export async function writeSpecs(builds: readonly Build[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const head = new Writer();
  head.byte(4);
  head.byte(8);
  head.byte('['.charCodeAt(0));
  head.number(builds.length);
  parts.push(head.end());
  // Symbols that are known to the reader by their places from the first build on: `E`, `Gem::Version`.
  const [first, ...rest] = builds;
  if (first !== undefined)
    parts.push(
      marshal([first.name, { dumped: 'Gem::Version', as: [first.version] }, first.platform]).subarray(2),
    );
  for (let at = 0; at < rest.length; at += atOnce) {
    const texts = rest.slice(at, at + atOnce).map(tupleOf);
    parts.push(Buffer.from(texts.join(''), 'latin1'));
    await turn();
  }
  return promisify(gzip)(Buffer.concat(parts));
}

function tupleOf({ name, version, platform }: Build): string {
  return `[\x08${textOf(name)}U;\x06[\x06${textOf(version)}${textOf(platform)}`;
}

/** In UTF-8, by the symbol that is the first one. */
function textOf(text: string): string {
  const bytes = Buffer.from(text);
  const length = new Writer();
  length.number(bytes.length);
  return `I"${length.end().toString('latin1')}${bytes.toString('latin1')}\x06;\x00T`;
}

function buildOf(value: Value): Build {
  const [name, version, platform] = Array.isArray(value) ? value : [];
  const number = Array.isArray(version) ? version[0] : version;
  if (typeof name !== 'string' || typeof number !== 'string' || typeof platform !== 'string')
    throw new SpecsError('holds what is no build of a gem');
  return { name, version: number, platform };
}

type Value = string | null | readonly Value[];

function openReader(bytes: Buffer) {
  let at = 2;
  const symbols: string[] = [];
  const objects: Value[] = [];

  function byte(): number {
    const value = bytes[at++];
    if (value === undefined) throw new SpecsError('breaks off');
    return value;
  }

  function number(): number {
    const first = (byte() << 24) >> 24;
    if (first === 0) return 0;
    if (first > 4) return first - 5;
    if (first < 0) throw new SpecsError('holds a negative number');
    let value = 0;
    for (let shift = 0; shift < first; shift += 1) value |= byte() << (8 * shift);
    if (value < 0) throw new SpecsError('holds a number that is too large');
    return value;
  }

  function text(): string {
    const length = number();
    if (length > bytes.length - at) throw new SpecsError('breaks off');
    at += length;
    return bytes.toString('utf8', at - length, at);
  }

  function symbol(type: number): string {
    if (type === 0x3b) return symbols[number()] ?? '';
    if (type !== 0x3a) throw new SpecsError('holds something else than a symbol');
    const name = text();
    symbols.push(name);
    return name;
  }

  function list(): number {
    if (byte() !== 0x5b) throw new SpecsError('is no list');
    objects.push(null);
    const length = number();
    // An item is a byte at least.
    if (length > bytes.length - at) throw new SpecsError('breaks off');
    return length;
  }

  function value(depth: number): Value {
    if (depth > mostDepth) throw new SpecsError('is nested too deeply');
    const type = byte();
    switch (type) {
      case 0x30: // nil
      case 0x54: // true
      case 0x46: // false
        return null;
      case 0x22: {
        const read = text();
        objects.push(read);
        return read;
      }
      case 0x49: {
        const read = value(depth + 1);
        for (let left = number(); left > 0; left -= 1) {
          symbol(byte());
          value(depth + 1);
        }
        return read;
      }
      case 0x40: {
        const read = objects[number()];
        if (read === undefined) throw new SpecsError('points to what is not there');
        return read;
      }
      case 0x3a:
      case 0x3b:
        return symbol(type);
      case 0x5b: {
        at -= 1;
        const place = objects.length;
        const items: Value[] = [];
        for (let left = list(); left > 0; left -= 1) items.push(value(depth + 1));
        objects[place] = items;
        return items;
      }
      case 0x55: {
        const name = symbol(byte());
        if (name !== 'Gem::Version')
          throw new SpecsError(`names a class that lists have no use for: ${name.slice(0, 80)}`);
        const place = objects.length;
        objects.push(null);
        const read = value(depth + 1);
        objects[place] = read;
        return read;
      }
      default:
        throw new SpecsError('holds what lists have no use for');
    }
  }

  return { list, value };
}
