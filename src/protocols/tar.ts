/** Headers of tar archives (POSIX.1-2001, ustar and pax; GNU's long names and numbers): what a block says, and how one is written. */

export const blockBytes = 512;

/** What an entry's body fills up its last block with. */
export function paddingOf(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
}

export function isEmptyBlock(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

export function pathIn(block: Buffer): string {
  const text = (from: number, length: number) => {
    const field = block.subarray(from, from + length);
    const end = field.indexOf(0);
    return field.toString('utf8', 0, end < 0 ? length : end);
  };
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
  return prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
}

/** `0` and NUL: a file; `x`: an extended header of the next entry; `L`: its name, in GNU's way. */
export function typeIn(block: Buffer): string {
  return String.fromCharCode(block[156] ?? 0);
}

/** Records of an extended header: `<length> <keyword>=<value>` and a line break. The last one counts. */
export function recordIn(records: string, keyword: 'path' | 'size'): string | null {
  const pattern = new RegExp(`^\\d+ ${keyword}=(.*)$`, 's');
  const values = records.split('\n').flatMap((record) => pattern.exec(record)?.[1] ?? []);
  return values.at(-1) ?? null;
}

/** Octal digits, or a binary number where the first bit is set (GNU's way for what is very large); `null`: neither. */
export function sizeIn(block: Buffer): number | null {
  if (((block[124] ?? 0) & 0x80) !== 0) return Number(block.readBigUInt64BE(128));
  const size = Number.parseInt(block.toString('latin1', 124, 136).replaceAll('\0', ' ').trim() || '0', 8);
  return Number.isNaN(size) || size < 0 ? null : size;
}

/** The sum of all bytes of the header, with blanks in place of the sum itself. */
export function checksumHolds(block: Buffer): boolean {
  const stated = Number.parseInt(block.toString('latin1', 148, 156).replaceAll('\0', ' ').trim(), 8);
  return sumOf(block) === stated;
}

function sumOf(block: Buffer): number {
  let sum = 0;
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte;
  return sum;
}

/** What twelve bytes hold as octal digits, with one that ends them. */
const largestOctal = 8 ** 11 - 1;
const longestName = 100;

/** What comes before the bytes of a file: one block, or three where its path is long. */
export function headerOf(path: string, sizeBytes: number): Uint8Array {
  const name = Buffer.from(path);
  if (name.length <= longestName) return block(name, '0', sizeBytes);
  const record = extendedRecord(`path=${path}\n`);
  return Buffer.concat([
    block(Buffer.from('PaxHeaders/path'), 'x', record.length),
    record,
    Buffer.alloc(paddingOf(record.length)),
    block(name.subarray(0, longestName), '0', sizeBytes),
  ]);
}

function block(name: Uint8Array, type: '0' | 'x', sizeBytes: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  header.set(name);
  header.write('0000644\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  if (sizeBytes <= largestOctal) header.write(`${octal(sizeBytes, 11)}\0`, 124, 'latin1');
  else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(sizeBytes), 128);
  }
  header.write(`${octal(0, 11)}\0`, 136, 'latin1');
  header.write(type, 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  header.write(`${octal(sumOf(header), 6)}\0 `, 148, 'latin1');
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** Its own length, in decimal digits, counts too. */
function extendedRecord(text: string): Buffer {
  const rest = Buffer.byteLength(text) + 1;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${text}`);
}
