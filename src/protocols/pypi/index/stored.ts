/**
 * An index as the origin keeps it for itself: a line for the project and one for each file, as JSON, with the addresses at the upstream, which
 * clients do not see. Lines, so that a file is found without parsing thousands of others. They are written and read here alone.
 */
import { z } from 'zod';
import type { StoredFile, StoredPage } from './page.ts';

const hashes = z.record(z.string(), z.string());
const text = z.string().nullable();

const file = z.object({
  ...{ name: z.string(), version: z.string(), url: z.string(), hashes, requiresPython: text, yanked: text },
  ...{ metadata: hashes.nullable(), sizeBytes: z.number().nullable(), uploadTime: text, provenance: text },
  refused: text,
});

const head = z.object({
  ...{ from: z.string(), name: z.string(), versions: z.array(z.string()).nullable() },
  ...{ tracks: z.array(z.string()), alternateLocations: z.array(z.string()) },
  status: z.object({ status: z.string(), reason: text }).nullable(),
});

export function writeStored({ files, ...rest }: StoredPage): string {
  // The name goes first, because files are looked for by it.
  const lines = files.map(({ name, ...other }) => JSON.stringify({ name, ...other }));
  return [JSON.stringify(rest), ...lines, ''].join('\n');
}

export function readStored(bytes: Uint8Array): StoredPage {
  const [first = '', ...lines] = new TextDecoder().decode(bytes).trimEnd().split('\n');
  return {
    ...head.parse(JSON.parse(first)),
    files: lines.map((line) => file.parse(JSON.parse(line))),
  };
}

/** One after the other, so that whoever has other things to do can do them between two. */
export function* storedFiles(bytes: Uint8Array): Generator<StoredFile> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let from = buffer.indexOf('\n') + 1;
  for (let end = buffer.indexOf('\n', from); from > 0 && end > from; end = buffer.indexOf('\n', from)) {
    yield file.parse(JSON.parse(buffer.toString('utf8', from, end)));
    from = end + 1;
  }
}

export interface Found {
  readonly file: StoredFile;
  /** As in `StoredPage`. */
  readonly from: string;
}

export function findStored(bytes: Uint8Array, name: string): Found | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = buffer.indexOf(`\n{"name":${JSON.stringify(name)},`);
  if (at < 0) return null;
  const line = buffer.toString('utf8', at + 1, buffer.indexOf('\n', at + 1));
  const { from } = head.parse(JSON.parse(buffer.toString('utf8', 0, buffer.indexOf('\n'))));
  return { file: file.parse(JSON.parse(line)), from };
}
