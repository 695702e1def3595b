/** Writes what a generation of a suite consists of: `Packages` of each component and architecture, and the `Release` that names them. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { turn } from '../../turn.ts';
import { type Field, writeParagraph } from '../deb822.ts';
import { versions } from '../version.ts';
import type { Shelved } from './package.ts';

const pack = promisify(gzip);
/** Written by whoever makes the list. */
const ownFields = new Set(['filename', 'size', 'md5sum', 'sha1', 'sha256', 'sha512', 'status']);
/** Packages that are written without a turn for others. */
const atOnce = 500;

export interface WrittenIndex {
  /** Below the folder of the suite. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What an index is about. */
export interface Part {
  readonly component: string;
  readonly architecture: string;
}

/** Components and architectures of a suite: those that it has had, too, so that no client finds one gone. */
export function partsOf(shelved: readonly Shelved[], before: readonly Part[]): readonly Part[] {
  const components = [...new Set([...before, ...shelved].map(({ component }) => component))].sort();
  const all = [...new Set([...before, ...shelved].map(({ architecture }) => architecture))].sort();
  const concrete = all.filter((architecture) => architecture !== 'all');
  const architectures = concrete.length > 0 ? concrete : all;
  return components.flatMap((component) =>
    architectures.map((architecture) => ({ component, architecture })),
  );
}

/** Plain, and packed. What is for all architectures is in the list of each. */
export async function writeIndexes(
  shelved: readonly Shelved[],
  parts: readonly Part[],
): Promise<readonly WrittenIndex[]> {
  const written: WrittenIndex[] = [];
  for (const { component, architecture } of parts) {
    const own = shelved.filter(
      (one) =>
        one.component === component && (one.architecture === architecture || one.architecture === 'all'),
    );
    const path = `${component}/binary-${architecture}/Packages`;
    const bytes = Buffer.from(await listOf(own));
    written.push({ path, bytes }, { path: `${path}.gz`, bytes: await pack(bytes, { level: 9 }) });
  }
  return written;
}

/** By name, the newest version first. */
async function listOf(packages: readonly Shelved[]): Promise<string> {
  const sorted = packages.toSorted((one, other) =>
    one.name < other.name ? -1 : one.name > other.name ? 1 : versions.compare(other.version, one.version),
  );
  const paragraphs: string[] = [];
  for (const [place, one] of sorted.entries()) {
    if (place % atOnce === 0) await turn();
    paragraphs.push(`${writeParagraph(fieldsOf(one))}\n`);
  }
  return paragraphs.join('');
}

function fieldsOf({ archive, fields, file }: Shelved): readonly Field[] {
  const own = fields.filter(({ name }) => !ownFields.has(name.toLowerCase()));
  const { sizeBytes, hashes, blob } = file;
  return [
    ...own,
    // apt decodes nothing in it: it is the path as it is, and apt itself encodes what an address has to have encoded.
    { name: 'Filename', value: file.name.slice(archive.length + 1) },
    { name: 'Size', value: String(sizeBytes) },
    ...(hashes.md5 === undefined ? [] : [{ name: 'MD5sum', value: hashes.md5 }]),
    { name: 'SHA256', value: blob },
  ];
}

export interface ReleaseWanted {
  readonly origin: string;
  readonly suite: string;
  readonly parts: readonly Part[];
  readonly indexes: readonly { readonly path: string; readonly sha256: string; readonly sizeBytes: number }[];
  /** ms since the epoch. */
  readonly dateMs: number;
  readonly validUntilMs: number;
}

export function writeRelease({ origin, suite, parts, indexes, dateMs, validUntilMs }: ReleaseWanted): string {
  const unique = (of: keyof Part) => [...new Set(parts.map((part) => part[of]))].join(' ');
  const architectures = unique('architecture');
  const rows = indexes.map(
    ({ path, sha256, sizeBytes }) => `\n ${sha256} ${String(sizeBytes).padStart(10)} ${path}`,
  );
  const date = (ms: number) => new Date(ms).toUTCString().replace('GMT', 'UTC');
  const fields: Record<string, string> = {
    Origin: origin,
    Label: origin,
    Suite: suite,
    Codename: suite,
    Date: date(dateMs),
    'Valid-Until': date(validUntilMs),
    'Acquire-By-Hash': 'yes',
    ...(architectures !== 'all' && { 'No-Support-for-Architecture-all': 'Packages' }),
    Architectures: architectures,
    Components: unique('component'),
    SHA256: rows.join(''),
  };
  return writeParagraph(Object.entries(fields).map(([name, value]) => ({ name, value })));
}
