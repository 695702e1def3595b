/**
 * Looks into a package (deb(5)): an `ar` archive of a note of its format, what the package says of itself, and its files. Only the second is
 * unpacked. A package has to be whole, and say what it is, before anybody is offered it.
 */
import { readTar } from '../registry/archive/tar.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { byName, type Field, fieldsOf, type Paragraph } from './deb822.ts';
import { type Packing, packingOf, unpacked } from './unpack.ts';
import { versions } from './version.ts';

const magic = '!<arch>\n';
const headerBytes = 60;
/** Packed, and unpacked: lists of checksums are in it, too. */
const maxControlBytes = 16 * 1024 * 1024;
const maxUnpackedBytes = 64 * 1024 * 1024;
const maxControlFileBytes = 256 * 1024;
/** What a list of packages repeats for each of them. */
const fieldLimits = { fields: 200, bytes: 24 * 1024 };

export interface DebContents {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** As the package has them, in their order. */
  readonly fields: readonly Field[];
}

/** Bytes from there, this many at most. */
export type ReadPart = (from: number, length: number) => Promise<Uint8Array>;

/** @throws a `Refusal` that says what is wrong with it. */
export async function inspectDeb(read: ReadPart, sizeBytes: number): Promise<DebContents> {
  const start = Buffer.from(await read(0, magic.length)).toString('latin1');
  if (start !== magic) throw broken('It is no Debian package.');
  const format = await member(read, magic.length, sizeBytes);
  const version = Buffer.from(await read(format.from, Math.min(format.sizeBytes, 16))).toString('latin1');
  if (format.name !== 'debian-binary' || !version.startsWith('2.'))
    throw broken('It is no Debian package of format 2.');
  const control = await member(read, format.end, sizeBytes);
  const packing = packingOf(control.name);
  if (!control.name.startsWith('control.tar') || packing === null)
    throw broken(
      `Its second member is ${printable(control.name)}, not control.tar, packed with gzip, xz or Zstandard.`,
    );
  if (control.sizeBytes > maxControlBytes)
    throw broken(`What it says of itself has more than ${maxControlBytes} bytes.`);
  await checkRest(read, control.end, sizeBytes);
  const bytes = await read(control.from, control.sizeBytes);
  if (bytes.length < control.sizeBytes) throw broken('It breaks off.');
  return contentsOf(await controlIn(bytes, packing));
}

interface Member {
  readonly name: string;
  readonly from: number;
  readonly sizeBytes: number;
  /** Where the next one begins: at an even place. */
  readonly end: number;
}

async function member(read: ReadPart, at: number, sizeBytes: number): Promise<Member> {
  const header = Buffer.from(await read(at, headerBytes)).toString('latin1');
  const size = /^ *(\d{1,12}) *$/.exec(header.slice(48, 58))?.[1];
  if (header.length < headerBytes || size === undefined || !header.endsWith('`\n'))
    throw broken('It breaks off, or a header in it is broken.');
  const from = at + headerBytes;
  if (from + Number(size) > sizeBytes) throw broken('It breaks off.');
  const name = header.slice(0, 16).trimEnd().replace(/\/$/, '');
  return { name, from, sizeBytes: Number(size), end: from + Number(size) + (Number(size) % 2) };
}

/** Signatures may follow, in members of their own. */
async function checkRest(read: ReadPart, from: number, sizeBytes: number): Promise<void> {
  let at = from;
  const names: string[] = [];
  // A file may end without the byte that would make its last member even.
  while (at < sizeBytes && names.length < 10) {
    const next = await member(read, at, sizeBytes);
    names.push(next.name);
    at = next.end;
  }
  if (at < sizeBytes) throw broken('It has more members than a package has.');
  if (!names[0]?.startsWith('data.tar')) throw broken('It has no files: its third member is not data.tar.');
}

async function controlIn(bytes: Uint8Array, packing: Packing): Promise<string> {
  const { kept } = await readTar(streamOf(unpacked(bytes, packing, maxUnpackedBytes)), {
    gzip: false,
    wanted: (path) => path === './control' || path === 'control',
    maxBytes: maxControlFileBytes,
  });
  const control = kept.get('./control') ?? kept.get('control');
  if (control === undefined) throw broken('It has no control file.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(control);
  } catch (cause) {
    throw broken('Its control file is not UTF-8.', cause);
  }
}

function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}

function contentsOf(text: string): DebContents {
  let fields: readonly Field[];
  try {
    fields = fieldsOf(text, fieldLimits);
  } catch (cause) {
    throw broken(`Its control file cannot be read. ${cause instanceof Error ? cause.message : ''}`, cause);
  }
  const said = byName(fields);
  const name = required(said, 'Package', /^[a-z0-9][a-z0-9+.-]{1,127}$/);
  const version = required(said, 'Version', /^[^\s_/]{1,128}$/);
  if (!versions.isVersion(version))
    throw broken(`Its Version is none that Debian knows: ${printable(version)}.`);
  const architecture = required(said, 'Architecture', /^[a-z0-9][a-z0-9-]{0,63}$/);
  return { name, version, architecture, fields };
}

function required(said: Paragraph, field: string, form: RegExp): string {
  const value = said.get(field.toLowerCase());
  if (value === undefined) throw broken(`Its control file has no ${field}.`);
  if (!form.test(value)) throw broken(`Its ${field} is malformed: ${printable(value)}.`);
  return value;
}

function broken(why: string, cause?: unknown): Refusal {
  return new Refusal(400, `This package cannot be taken in. ${why}`, { cause });
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}

/** As the file is called: without the epoch of its version. */
export function fileNameOf({ name, version, architecture }: DebContents): string {
  return `${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`;
}
