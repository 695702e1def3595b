/**
 * What is written down about packages that live here, as documents of the metadata store:
 *
 *     npm-package      <route> <name>             what changes: who may read it, tags, versions, deprecations, owners
 *     npm-version      <route> <name> <version>   what never does: the manifest, and which blob is the tarball
 *     npm-readme       <route> <name>             of the version that was published last with the tag `latest`
 *     npm-attestations <route> <name> <version>   provenance
 *     npm-key          <route> <keyid>            what versions are signed with
 *     npm-unpurged     <route> <name>             what the nodes have not been told yet
 *     npm-changed      <route> <time> <random>    the name of a package that has changed; for an hour
 *
 * A version that is taken away leaves a document that says so: its number is never used again.
 */
import { z } from 'zod';
import type { DocumentReader } from '../../../store.ts';
import { asSha256, type DocumentKey, type Revision, type Sha256 } from '../../../store.ts';

export const packageKey = (route: string, name: string): DocumentKey => ['npm-package', route, name];
export const packagesPrefix = (route: string): DocumentKey => ['npm-package', route];
export const versionsPrefix = (route: string, name: string): DocumentKey => ['npm-version', route, name];
export const versionKey = (route: string, name: string, version: string): DocumentKey => [
  ...versionsPrefix(route, name),
  version,
];
export const readmeKey = (route: string, name: string): DocumentKey => ['npm-readme', route, name];
export const attestationsKey = (route: string, name: string, version: string): DocumentKey => [
  'npm-attestations',
  route,
  name,
  version,
];

const sha256 = z.string().transform((text, context): Sha256 => {
  const name = asSha256(text);
  if (name !== undefined) return name;
  context.addIssue({ code: 'custom', message: 'no SHA-256', input: text });
  return z.NEVER;
});

export const owner = z.object({ name: z.string(), email: z.string().optional() });
export type Owner = z.output<typeof owner>;

/** What a search finds a package by, and shows of it: of the version with the tag `latest`. */
export const summary = z.object({
  version: z.string(),
  description: z.string(),
  keywords: z.array(z.string()).readonly(),
  publisher: z.string(),
});
export type Summary = z.output<typeof summary>;

/** Times are ms since the epoch. */
const hostedPackage = z.object({
  access: z.enum(['public', 'restricted']),
  tags: z.record(z.string(), z.string()),
  /** When each was published. */
  versions: z.record(z.string(), z.number()),
  deprecated: z.record(z.string(), z.string()),
  owners: z.array(owner).readonly(),
  createdMs: z.number(),
  modifiedMs: z.number(),
  /** `null` without any version. */
  latest: summary.nullable(),
});
export type HostedPackage = Readonly<z.output<typeof hostedPackage>>;

const publishedVersion = z.object({
  state: z.literal('published'),
  /** Without `dist`. */
  manifest: z.record(z.string(), z.unknown()),
  /** All of `dist` but the address. */
  dist: z.record(z.string(), z.unknown()),
  blob: sha256,
  sizeBytes: z.number(),
  integrity: z.string(),
  publishedMs: z.number(),
  by: z.string(),
});
export type PublishedVersion = Readonly<z.output<typeof publishedVersion>>;

const hostedVersion = z.discriminatedUnion('state', [
  publishedVersion,
  z.object({ state: z.literal('gone'), goneMs: z.number(), by: z.string() }),
]);
export type HostedVersion = z.output<typeof hostedVersion>;

export const asHostedVersion = (value: unknown): HostedVersion => hostedVersion.parse(value);
export const asHostedPackage = (value: unknown): HostedPackage => hostedPackage.parse(value);

export interface FoundPackage {
  readonly package: HostedPackage;
  /** npm's `_rev`. */
  readonly revision: Revision;
}

export async function findPackage(
  reader: DocumentReader,
  route: string,
  name: string,
): Promise<FoundPackage | null> {
  const found = await reader.get(packageKey(route, name));
  return found && { package: asHostedPackage(found.value), revision: found.revision };
}

/** `null` for one that never was, or is gone. */
export async function findVersion(
  reader: DocumentReader,
  route: string,
  name: string,
  version: string,
): Promise<PublishedVersion | null> {
  const found = await reader.get(versionKey(route, name, version));
  const record = found && asHostedVersion(found.value);
  return record?.state === 'published' ? record : null;
}

/** npm's own name for a version's file. */
export function fileName(name: string, version: string): string {
  return `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
}

/** The version that `fileName` made the name of; `null` for another name. */
export function versionOfFile(name: string, file: string): string | null {
  const start = `${name.slice(name.indexOf('/') + 1)}-`;
  return file.startsWith(start) && file.endsWith('.tgz') ? file.slice(start.length, -'.tgz'.length) : null;
}
