/**
 * Packages of all protocols, as the API tells them. Times are ms since the epoch, `null` what is not known.
 */
import { z } from 'zod';
import { packageKinds } from '../../catalogue.ts';

const amount = z.object({ versions: z.number(), bytes: z.number() });

/**
 * Versions with their bytes, by where they are. `hosted`: live here. `mirrored`: another registry's, kept for good. `cached`: in the cache of
 * the origin that answers, where hosted ones are not counted.
 */
const holdings = z.object({ hosted: amount, mirrored: amount, cached: amount });

export const packagesWanted = z.object({
  /** Default: all routes. */
  route: z.string().max(200).optional(),
  text: z.string().max(1_000),
  kind: z.enum([...packageKinds, 'all']),
  limit: z.number().int().min(1).max(100),
  /** `next` of the page before. */
  cursor: z.string().max(2_048).optional(),
});
export type PackagesWanted = z.output<typeof packagesWanted>;

const listedPackage = z.object({
  route: z.string(),
  /** `npm`. */
  protocol: z.string(),
  name: z.string(),
  kind: z.enum(packageKinds),
  /** `restricted`: for those only who have been given it by name. */
  access: z.enum(['public', 'restricted']),
  latest: z.string().nullable(),
  description: z.string(),
  keywords: z.array(z.string()),
  publishedMs: z.number().nullable(),
  publisher: z.string().nullable(),
  kept: holdings,
});

export const packageList = z.object({
  /** Those that fit the search best first, and by name where they fit as well. */
  packages: z.array(listedPackage),
  /** On all pages. */
  total: z.number(),
  /** `cursor` of the next page; `null`: there is none. */
  next: z.string().nullable(),
});
export type PackageList = z.output<typeof packageList>;

const blocked = z.object({
  rules: z.array(z.string()),
  /** Completes "lodash@4.17.20 …". */
  why: z.string(),
  /** When it no longer will be; `null`: not by itself. */
  untilMs: z.number().nullable(),
});

const version = z.object({
  version: z.string(),
  publishedMs: z.number().nullable(),
  publisher: z.string().nullable(),
  /** Of its file, as it is fetched. */
  sizeBytes: z.number().nullable(),
  unpackedBytes: z.number().nullable(),
  /** As lock files write it. */
  digest: z.string().nullable(),
  /** What its publisher says against its use. */
  deprecated: z.string().nullable(),
  yanked: z.boolean(),
  /** By the route's policy. */
  blocked: blocked.nullable(),
  dependencies: z.number().nullable(),
  kept: z.enum(['hosted', 'mirrored', 'cached', 'upstream']),
});

const readme = z.object({
  /** Markdown, written by whoever has published it: nothing to trust. Of a long one the beginning. */
  text: z.string(),
  isWhole: z.boolean(),
});

const counted = {
  requests: z.number(),
  /** Of these: answered with a file of it, all of it. */
  downloads: z.number(),
  bytes: z.number(),
};

/** What clients asked PoPs for, in the whole days (UTC) between the two. */
const downloads = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  ...counted,
  /** What is counted is too low by no more than this, in requests. */
  missed: z.number(),
  /** The most first. */
  nodes: z.array(z.object({ node: z.string(), ...counted })),
});

export const packagePage = listedPackage.extend({
  licence: z.string().nullable(),
  homepage: z.string().nullable(),
  repository: z.string().nullable(),
  maintainers: z.array(z.object({ name: z.string(), email: z.string().nullable() })),
  createdMs: z.number().nullable(),
  modifiedMs: z.number().nullable(),
  /** Versions by tag. */
  tags: z.record(z.string(), z.string()),
  /** The newest first, at most a thousand. */
  versions: z.array(version),
  versionCount: z.number(),
  readme: readme.nullable(),
  /** Why nothing of it may be used. */
  blocked: blocked.nullable(),
  /** What is missing here, and why. */
  note: z.string().nullable(),
  downloads,
});
export type PackagePage = z.output<typeof packagePage>;

export const packageReadme = z.object({ text: z.string().nullable() });
