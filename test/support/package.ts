/** Packages for a fake registry: real gzipped tar archives that a real client unpacks. */

/** Package file name → text. */
export type Files = Readonly<Record<string, string>>;

/** `<name>-<version>.tgz`, as `npm pack` would lay it out. The same input gives the same bytes. */
export function pack(
  manifest: Readonly<Record<string, unknown>>,
  files: Files = {},
): Uint8Array<ArrayBuffer> {
  const all: Files = { 'package.json': JSON.stringify(manifest), ...files };
  const parts = Object.entries(all).flatMap(([name, text]) => entry(`package/${name}`, Buffer.from(text)));
  // Two empty records end an archive.
  return Bun.gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

const recordBytes = 512;

/** A header and the content, padded to whole records (POSIX.1-1988, "ustar"). */
function entry(name: string, content: Buffer): Buffer[] {
  const header = Buffer.alloc(recordBytes);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 8), 100); // mode
  header.write(octal(0, 8), 108); // user
  header.write(octal(0, 8), 116); // group
  header.write(octal(content.length, 12), 124);
  header.write(octal(499_162_500, 12), 136); // modified: what npm sets, 1985-10-26
  header.write('        ', 148); // the checksum counts as blanks while it is summed up
  header.write('0', 156); // a file
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((recordBytes - (content.length % recordBytes)) % recordBytes);
  return [header, content, padding];
}

/** Text that does not compress to nothing, the same for the same seed. */
export function noise(seed: string, bytes: number): string {
  let text = '';
  for (let part = 0; text.length < bytes; part++) {
    text += new Bun.CryptoHasher('sha512').update(`${seed} ${part}`).digest('base64');
  }
  return text.slice(0, bytes);
}

/** Bytes that do not compress at all, the same for the same seed. */
export function noiseBytes(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13; // xorshift32 (Marsaglia, 2003)
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}
