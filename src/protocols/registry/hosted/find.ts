/** What lives here, read: one version, all of them in order, one file. What is gone is not found. */
import type { DocumentReader } from '../../../store.ts';
import type { Pulling } from '../ecosystem.ts';
import { storesOf } from './claims.ts';
import {
  allBelow,
  asFile,
  asPackage,
  asVersion,
  fileKey,
  fileOf,
  filesPrefix,
  type HostedFile,
  type HostedPackage,
  type HostedVersion,
  namedPrefix,
  packageKey,
  packagesPrefix,
  type VersionThere,
  versionKey,
  versionsPrefix,
  type Where,
} from './record.ts';

/** Whose packages are read: one question, or a job. */
export type Reading = { readonly registry: Pick<Pulling['registry'], 'route'> } & Pick<Pulling, 'door'>;

/** A file, and what it is a file of. */
export interface FoundFile extends HostedFile {
  /** Of the package. */
  readonly package: string;
  readonly version: string;
}

export async function findPackage(at: Reading, name: string): Promise<HostedPackage | null> {
  const found = await readerOf(at).get(packageKey({ route: at.registry.route, name }));
  return found && { name, ...asPackage(found.value) };
}

/** With its files. */
export function findVersion(at: Reading, name: string, version: string): Promise<HostedVersion | null> {
  return versionIn(readerOf(at), { route: at.registry.route, name }, version);
}

/** The same within a transaction. */
export async function versionIn(
  reader: Pick<DocumentReader, 'get' | 'scan'>,
  at: Where,
  version: string,
): Promise<HostedVersion | null> {
  const found = await reader.get(versionKey(at, version));
  const record = found && asVersion(found.value);
  if (record?.state !== 'there') return null;
  const files: HostedFile[] = [];
  for await (const { key, value } of allBelow(reader, filesPrefix(at, version))) {
    const file = asFile(value);
    if (file.state === 'there') files.push(fileOf(key.at(-1) ?? '', file));
  }
  return versionOf(at.name, version, record, files);
}

function versionOf(
  name: string,
  version: string,
  { publishedMs, by, yanked, meta }: VersionThere,
  files: readonly HostedFile[],
): HostedVersion {
  return { name, version, publishedMs, publisher: by, yanked, files, meta };
}

/** Documents of versions that are read at once: their metadata comes along. */
const versionsAtOnce = 100;

/**
 * All versions with their files, in the order of the texts of their numbers, page by page: never more than a page of them is held.
 * @param after goes on behind this version.
 */
export async function* versionsOf(
  at: Reading,
  name: string,
  after?: string,
): AsyncGenerator<HostedVersion, void, undefined> {
  const reader = readerOf(at);
  const where = { route: at.registry.route, name };
  // Keys of both are in the order of versions, so that one pass over each is enough. U+10FFFF is behind every name of a file.
  const fileAfter = after === undefined ? undefined : fileKey(where, after, '\u{10ffff}');
  const files = allBelow(reader, filesPrefix(where), { after: fileAfter });
  let next = await files.next();
  const versionAfter = after === undefined ? undefined : versionKey(where, after);
  for await (const { key, value } of allBelow(reader, versionsPrefix(where), {
    ...{ after: versionAfter, limit: versionsAtOnce },
  })) {
    const version = key.at(-1) ?? '';
    const own: HostedFile[] = [];
    for (; next.done !== true && isBefore(next.value.key[3] ?? '', version); next = await files.next()) {
      const file = asFile(next.value.value);
      if (next.value.key[3] === version && file.state === 'there')
        own.push(fileOf(next.value.key.at(-1) ?? '', file));
    }
    const record = asVersion(value);
    if (record.state === 'there') yield versionOf(name, version, record, own);
  }
}

/** Not behind it, in the order of keys: by code points, which that of UTF-8 is too. */
function isBefore(version: string, other: string): boolean {
  return version === other || Buffer.compare(Buffer.from(version), Buffer.from(other)) < 0;
}

/** @param version absent: of whichever version has it. */
export async function findFile(
  at: Reading,
  name: string,
  file: string,
  version?: string,
): Promise<FoundFile | null> {
  const reader = readerOf(at);
  const where = { route: at.registry.route, name };
  const [named] = version === undefined ? await reader.scan(namedPrefix(where, file), { limit: 1 }) : [];
  const whose = version ?? named?.key.at(-1);
  if (whose === undefined) return null;
  const found = await reader.get(fileKey(where, whose, file));
  const record = found && asFile(found.value);
  return record?.state === 'there' ? { ...fileOf(file, record), package: name, version: whose } : null;
}

/** All packages of the route of which there is a version, in order. @param after goes on behind this name. */
export async function* namesOf(at: Reading, after?: string): AsyncGenerator<string, void, undefined> {
  const { route } = at.registry;
  const behind = after === undefined ? undefined : packageKey({ route, name: after });
  // What was taken away leaves the name of its package, so that its numbers are not used again.
  for await (const { key, value } of allBelow(readerOf(at), packagesPrefix(route), { after: behind }))
    if (asPackage(value).versions > 0) yield key.at(-1) ?? '';
}

function readerOf({ door }: Reading): DocumentReader {
  return storesOf(door).metadata;
}
