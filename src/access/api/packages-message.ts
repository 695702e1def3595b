/**
 * Packages of all protocols, as the API tells them. Times are ms since the epoch, `null` what is not known.
 */
import { z } from 'zod';
import { artifactKinds, packageKinds } from '../../catalogue.ts';

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

const summary = {
  kind: z.enum(artifactKinds),
  artifactType: z.string().nullable(),
  /** Of an index: `linux/arm64/v8`. */
  platforms: z.array(z.string()).readonly(),
};

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
  /** Where versions are of several kinds: images, charts, signatures. */
  artifact: z.object(summary).nullable(),
});

/** Bytes as they are sent, the same ones counted once. What is shared is what other packages of the route have, of those that the asker may read. */
const sizes = z.object({ ownBytes: z.number(), sharedBytes: z.number() });

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
  /** `cursor` of the versions after these; `null`: there are none, or none are told. */
  nextVersions: z.string().nullable(),
  /** Whether `GET …/versions/:version` tells what each is made of. */
  hasArtifacts: z.boolean(),
  sizes: sizes.nullable(),
  /** Whether the asker may take it away by this API, or versions of it. */
  mayDelete: z.boolean(),
  readme: readme.nullable(),
  /** Why nothing of it may be used. */
  blocked: blocked.nullable(),
  /** What is missing here, and why. */
  note: z.string().nullable(),
  downloads,
});
export type PackagePage = z.output<typeof packagePage>;

export const packageReadme = z.object({ text: z.string().nullable() });

export const versionPage = z.object({
  versions: z.array(version),
  /** On all pages. */
  total: z.number(),
  next: z.string().nullable(),
});
export type PackageVersions = z.output<typeof versionPage>;

/** What publishers have written, cut where it is long: nothing to trust. */
const texts = z.record(z.string(), z.string());
const names = z.array(z.string()).readonly();
const part = { digest: z.string(), mediaType: z.string(), sizeBytes: z.number() };

export const artifactPage = z.object({
  ...{ route: z.string(), name: z.string() },
  /** As it was asked for: a tag or a digest. */
  version: z.string(),
  ...{ digest: z.string(), mediaType: z.string(), ...summary },
  tags: names,
  manifestBytes: z.number(),
  /** With all that it is made of, each once. */
  sizeBytes: z.number().nullable(),
  sizes: sizes.nullable(),
  ...{ pushedMs: z.number().nullable(), publisher: z.string().nullable() },
  kept: z.enum(packageKinds),
  access: z.enum(['public', 'restricted']),
  children: z
    .array(
      z.object({
        digest: z.string(),
        platform: z.string().nullable(),
        kind: z.enum(artifactKinds).nullable(),
        sizeBytes: z.number().nullable(),
        /** Whether it can be asked about. */
        isHere: z.boolean(),
      }),
    )
    .readonly(),
  config: z
    .object({
      ...part,
      platform: z.string().nullable(),
      createdMs: z.number().nullable(),
      ...{ author: z.string().nullable(), user: z.string().nullable(), workingDir: z.string().nullable() },
      ...{ entrypoint: names, command: names, ports: names, volumes: names },
      /** Names of variables, without their values. */
      environment: names,
      labels: texts,
    })
    .nullable(),
  layers: z
    .array(
      z.object({
        ...part,
        /** What has made it, or what its file is called. */
        history: z.string().nullable(),
        isShared: z.boolean().nullable(),
      }),
    )
    .readonly(),
  annotations: texts,
  /** Digest of what it is about. */
  subject: z.string().nullable(),
  referrers: z
    .array(
      z.object({
        digest: z.string(),
        kind: z.enum(artifactKinds),
        artifactType: z.string().nullable(),
        sizeBytes: z.number(),
        annotations: texts,
        tag: z.string().nullable(),
      }),
    )
    .readonly(),
  /** By the route's policy: why it may not be pulled. */
  blocked: blocked.nullable(),
  note: z.string().nullable(),
  mayDelete: z.boolean(),
});
export type ArtifactPage = z.output<typeof artifactPage>;
