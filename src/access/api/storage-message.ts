/** What an origin keeps, in numbers, as the API says it. Bytes are those of tarballs; times are ms since the epoch. */
import { z } from 'zod';

const amount = { packages: z.number(), versions: z.number(), bytes: z.number() };

const bounds = z.object({
  routeBytes: z.number().optional(),
  scopeBytes: z.number().optional(),
  packageBytes: z.number().optional(),
  versions: z.number().optional(),
});

export const storageOverview = z.object({
  routes: z.array(
    z.object({
      route: z.string(),
      /** `mirrored`: what is another registry's. */
      kept: z.enum(['hosted', 'mirrored']),
      ...amount,
      bounds,
      /** The largest first; at most a thousand. */
      scopes: z.array(z.object({ scope: z.string(), ...amount })),
    }),
  ),
  /** All routes together. */
  store: z.object({ ...amount, quotaBytes: z.number().nullable() }),
  /** As they were when they were last looked at, once each, which may have been by another origin; `null`: never. */
  blobs: z
    .object({
      atMs: z.number(),
      blobs: z.number(),
      bytes: z.number(),
      unreferenced: z.number(),
      unreferencedBytes: z.number(),
    })
    .nullable(),
  /** Blobs that are being deleted at this moment, or were when a collection was killed; counted up to a thousand. */
  condemned: z.number(),
  /** Of blobs; `null`: none yet. `retired`: versions that were mirrored, and not wanted any more. */
  collection: z
    .object({
      atMs: z.number(),
      deleted: z.number(),
      deletedBytes: z.number(),
      retired: z.number(),
      retiredBytes: z.number(),
    })
    .nullable(),
  /** When totals were last counted anew, and how many were wrong; `null`: never, so that they may lack what is older. */
  counted: z.object({ atMs: z.number(), corrected: z.number() }).nullable(),
  /** Blobs that arrive in pieces, at the origin that answers. */
  uploads: z.object({ uploads: z.number(), bytes: z.number() }),
  /** Of the origin that answers. */
  disks: z.array(z.object({ path: z.string(), freeBytes: z.number(), totalBytes: z.number() })),
  minFreeBytes: z.number(),
  /** Its cache on disk, and what went from it since the start because nobody had asked for it; `null`: it has none. */
  cache: z
    .object({
      entries: z.number(),
      bytes: z.number(),
      limitBytes: z.number(),
      unused: z.object({ entries: z.number(), bytes: z.number() }),
    })
    .nullable(),
});
export type StorageOverview = z.output<typeof storageOverview>;

export const packagesWanted = z.object({
  route: z.string().max(200),
  kept: z.enum(['hosted', 'mirrored']),
  /** Where the page before has ended. */
  after: z.string().max(2_048).optional(),
});
export type PackagesWanted = z.output<typeof packagesWanted>;

export const storagePackages = z.object({
  packages: z.array(z.object({ name: z.string(), versions: z.number(), bytes: z.number() })),
  /** `after` of the next page; `null`: there is none. */
  next: z.string().nullable(),
});
export type StoragePackages = z.output<typeof storagePackages>;
