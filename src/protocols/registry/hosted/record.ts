/**
 * What is written down about packages that live here, as documents of the metadata store. `<route>` tells ecosystems apart. A document for each
 * file, so that neither a package of many versions nor a version of many files needs a long one.
 *
 *     registry-package  <route> <name>                    that there is one, and how many versions it has
 *     registry-version  <route> <name> <version>          one version, without its files; or that it is gone
 *     registry-file     <route> <name> <version> <file>   one file of it; or that it is gone
 *     registry-named    <route> <name> <file> <version>   which version a file belongs to
 *     registry-untold   <route> <name> <random>           what the nodes have not been told yet
 *     blob <sha256> held registry <route> <name> <version> <file>
 *
 * What is taken away leaves a document that says so: its number, and its name, are not used again for anything else.
 */
import { z } from 'zod';
import {
  asSha256,
  blobReferenceKey,
  type Document,
  type DocumentKey,
  type DocumentReader,
  documentLimits,
  type Hashes,
  type Sha256,
} from '../../../store.ts';

/** Plain JSON, of the ecosystem alone: it parses what it has written. */
export type Meta = Readonly<Record<string, unknown>>;

export interface HostedFile {
  /** As in addresses: `requests-2.32.0-py3-none-any.whl`. Unique within its version, and within its package unless it was published as shared. */
  readonly name: string;
  readonly blob: Sha256;
  readonly sizeBytes: number;
  /** SHA-256, and what else the ecosystem has asked for; hexadecimal. */
  readonly hashes: Hashes;
  /** ms since the epoch. */
  readonly uploadedMs: number;
  readonly meta: Meta;
}

export interface HostedVersion {
  /** In canonical form. */
  readonly name: string;
  readonly version: string;
  /** ms since the epoch. */
  readonly publishedMs: number;
  /** As it is shown: `alice`. */
  readonly publisher: string;
  /** Withdrawn by its publisher, with the reason (which may be empty): it can be had, and is not offered. `null`: it is not. */
  readonly yanked: string | null;
  /** In the order of their names. */
  readonly files: readonly HostedFile[];
  readonly meta: Meta;
}

export interface HostedPackage {
  /** In canonical form. */
  readonly name: string;
  /** Times are ms since the epoch. */
  readonly createdMs: number;
  readonly changedMs: number;
  /** How many there are. */
  readonly versions: number;
  /** Of the package as a whole: owners, a description. */
  readonly meta: Meta;
}

/** Bounds of what may be published. */
export const hostedLimits = {
  /** UTF-8 of the name of a package, its version, and the name of a file, all together: they are keys of documents. */
  keyBytes: 700,
  filesOfVersion: 4_000,
  /** As JSON: of one file, of a version, of a package. */
  fileMetaBytes: 32 * 1024,
  metaBytes: 2 ** 20,
} as const;

/** A package of a route. */
export interface Where {
  readonly route: string;
  /** In canonical form. */
  readonly name: string;
}

export const packagesPrefix = (route: string): DocumentKey => ['registry-package', route];
export const packageKey = ({ route, name }: Where): DocumentKey => [...packagesPrefix(route), name];
export const versionsPrefix = ({ route, name }: Where): DocumentKey => ['registry-version', route, name];
export const versionKey = (at: Where, version: string): DocumentKey => [...versionsPrefix(at), version];
/** Of all versions: `filesPrefix(at)`. */
export const filesPrefix = ({ route, name }: Where, ...version: readonly string[]): DocumentKey => [
  ...['registry-file', route, name, ...version],
];
export const fileKey = (at: Where, version: string, file: string): DocumentKey => [
  ...filesPrefix(at, version),
  file,
];
export const namedPrefix = ({ route, name }: Where, file: string): DocumentKey => [
  ...['registry-named', route, name, file],
];
export const namedKey = (at: Where, version: string, file: string): DocumentKey => [
  ...namedPrefix(at, file),
  version,
];
/** Who holds a blob of the store. */
export function heldKey({ route, name }: Where, version: string, file: string, blob: Sha256): DocumentKey {
  return blobReferenceKey(blob, ['registry', route, name, version, file]);
}

export const sha256 = z.string().transform((text, context): Sha256 => {
  const name = asSha256(text);
  if (name !== undefined) return name;
  context.addIssue({ code: 'custom', message: 'no SHA-256', input: text });
  return z.NEVER;
});

const meta = z.record(z.string(), z.unknown());
const gone = z.object({ state: z.literal('gone'), goneMs: z.number(), by: z.string() });

const packageRecord = z.object({
  createdMs: z.number(),
  changedMs: z.number(),
  versions: z.number(),
  meta,
});
export type PackageRecord = Readonly<z.output<typeof packageRecord>>;
export const asPackage = (value: unknown): PackageRecord => packageRecord.parse(value);

const versionRecord = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('there'),
    publishedMs: z.number(),
    by: z.string(),
    yanked: z.string().nullable(),
    /** How many it has. */
    files: z.number(),
    meta,
  }),
  gone,
]);
export type VersionRecord = Readonly<z.output<typeof versionRecord>>;
export type VersionThere = Extract<VersionRecord, { state: 'there' }>;
export const asVersion = (value: unknown): VersionRecord => versionRecord.parse(value);

const hashes = z.object({
  md5: z.string().optional(),
  sha1: z.string().optional(),
  sha256: z.string().optional(),
  sha384: z.string().optional(),
  sha512: z.string().optional(),
});

const fileRecord = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('there'),
    blob: sha256,
    sizeBytes: z.number(),
    hashes,
    uploadedMs: z.number(),
    meta,
  }),
  gone,
]);
export type FileRecord = Readonly<z.output<typeof fileRecord>>;
export type FileThere = Extract<FileRecord, { state: 'there' }>;
export const asFile = (value: unknown): FileRecord => fileRecord.parse(value);

/** As it is given out. */
export function fileOf(name: string, { blob, sizeBytes, hashes, uploadedMs, meta }: FileThere): HostedFile {
  const known = Object.entries(hashes).filter(([, hash]) => hash !== undefined);
  return { ...{ name, blob, sizeBytes, uploadedMs, meta }, hashes: Object.fromEntries(known) };
}

/** All documents below a prefix, page by page. */
export async function* allBelow(
  reader: Pick<DocumentReader, 'scan'>,
  prefix: DocumentKey,
  { after, limit = documentLimits.page }: { after?: DocumentKey | undefined; limit?: number } = {},
): AsyncGenerator<Document, void, undefined> {
  for (let last = after; ; ) {
    const page = await reader.scan(prefix, { limit, ...(last && { after: last }) });
    yield* page;
    if (page.length < limit) return;
    last = page.at(-1)?.key;
  }
}
