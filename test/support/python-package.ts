/** Wheels and sdists for tests: real archives that a real pip installs, made without any of its tools. */
import { crc32 } from 'node:zlib';
import { headerOf, paddingOf } from '../../src/protocols/tar.ts';

export interface PythonPackage {
  readonly name: string;
  readonly version: string;
  /** Of the file. */
  readonly file: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Hexadecimal. */
  readonly sha256: string;
  /** `METADATA`, or `PKG-INFO`. */
  readonly metadata: Uint8Array<ArrayBuffer>;
  readonly requiresPython: string | null;
}

export interface PackageSketch {
  readonly name: string;
  readonly version: string;
  /** What it depends on, as `Requires-Dist` has it. */
  readonly requires?: readonly string[];
  readonly requiresPython?: string;
  /** Of a wheel: `cp311-cp311-manylinux_2_17_x86_64`; absent: it is for every machine. */
  readonly tag?: string;
  /** Behind the head of the metadata. */
  readonly description?: string;
  /** Instead of the metadata that fit the name. */
  readonly metadata?: string;
}

type Files = readonly (readonly [name: string, bytes: Uint8Array])[];

const encoder = new TextEncoder();

/** It installs one module, which says its version. */
export function wheel(sketch: PackageSketch): PythonPackage {
  const { name, version, tag = 'py3-none-any' } = sketch;
  const stem = escapedOf(name);
  const info = `${stem}-${version}.dist-info`;
  const metadata = encoder.encode(metadataOf(sketch));
  const files: Files = [
    [`${stem}.py`, encoder.encode(`version = '${version}'\n`)],
    [`${info}/METADATA`, metadata],
    [
      `${info}/WHEEL`,
      encoder.encode(`Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: ${tag}\n`),
    ],
  ];
  const record = [...files.map(([path, bytes]) => recordOf(path, bytes)), `${info}/RECORD,,`].join('\n');
  const bytes = zip([...files, [`${info}/RECORD`, encoder.encode(`${record}\n`)]]);
  return packageOf(sketch, `${stem}-${version}-${tag}.whl`, bytes, metadata);
}

export function sdist(sketch: PackageSketch): PythonPackage {
  const { name, version } = sketch;
  const stem = `${escapedOf(name)}-${version}`;
  const metadata = encoder.encode(metadataOf(sketch));
  const setup = `from setuptools import setup\nsetup(name='${name}', version='${version}', py_modules=[])\n`;
  const bytes = tarball([
    [`${stem}/PKG-INFO`, metadata],
    [`${stem}/setup.py`, encoder.encode(setup)],
  ]);
  return packageOf(sketch, `${stem}.tar.gz`, bytes, metadata);
}

function packageOf(
  { name, version, requiresPython }: PackageSketch,
  file: string,
  bytes: Uint8Array<ArrayBuffer>,
  metadata: Uint8Array<ArrayBuffer>,
): PythonPackage {
  return {
    name,
    version,
    file,
    bytes,
    metadata,
    requiresPython: requiresPython ?? null,
    sha256: hexOf(bytes),
  };
}

export function hexOf(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
}

/** As file names have it. */
function escapedOf(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '_');
}

function metadataOf({
  name,
  version,
  metadata,
  requires = [],
  requiresPython,
  description,
}: PackageSketch): string {
  if (metadata !== undefined) return metadata;
  return [
    'Metadata-Version: 2.1',
    `Name: ${name}`,
    `Version: ${version}`,
    `Summary: ${name} for tests`,
    'Home-page: https://home.example',
    'License: MIT',
    ...(requiresPython === undefined ? [] : [`Requires-Python: ${requiresPython}`]),
    ...extrasIn(requires).map((extra) => `Provides-Extra: ${extra}`),
    ...requires.map((each) => `Requires-Dist: ${each}`),
    '',
    description ?? `# ${name}`,
    '',
  ].join('\n');
}

/** That any of them is for. */
function extrasIn(requires: readonly string[]): readonly string[] {
  const found = requires.flatMap((each) => /extra == "([^"]+)"/.exec(each)?.[1] ?? []);
  return [...new Set(found)];
}

function recordOf(path: string, bytes: Uint8Array): string {
  const hash = new Bun.CryptoHasher('sha256').update(bytes).digest('base64url').replaceAll('=', '');
  return `${path},sha256=${hash},${bytes.byteLength}`;
}

/** Gzipped tar archive. */
export function tarball(files: Files): Uint8Array<ArrayBuffer> {
  const parts = files.flatMap(([path, bytes]) => [
    headerOf(path, bytes.byteLength),
    bytes,
    new Uint8Array(paddingOf(bytes.byteLength)),
  ]);
  return Bun.gzipSync(Buffer.concat([...parts, new Uint8Array(1024)]));
}

/** Its entries are deflated where that is asked for, and lie as they are where not. */
export function zip(files: Files, { deflate = false } = {}): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, plain] of files) {
    const name = Buffer.from(path);
    const packed = deflate ? Bun.deflateSync(new Uint8Array(plain)) : plain;
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0); // version needed
    head.writeUInt16LE(0x0800, 2); // names in UTF-8
    head.writeUInt16LE(deflate ? 8 : 0, 4);
    head.writeUInt16LE(0x21, 8); // 1980-01-01
    head.writeUInt32LE(crc32(plain), 10);
    head.writeUInt32LE(packed.byteLength, 14);
    head.writeUInt32LE(plain.byteLength, 18);
    head.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), head, name, Buffer.from(packed));
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), head, rest, name);
    offset += 4 + head.length + name.length + packed.byteLength;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, list, end]));
}
