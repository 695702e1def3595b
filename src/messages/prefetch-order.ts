/** What somebody has nodes fetch before anybody asks for it, and how far they are, by the API. */
import { z } from 'zod';
import { replicaState } from './replication.ts';

/** Versions and addresses of one order. */
export const mostWanted = 20_000;
/** How long nodes are to have it, where nobody says so; at least; and at most. */
export const usualS = 24 * 3600;
export const shortestS = 60;
export const longestS = 30 * 24 * 3600;

const name = z.string().min(1).max(500);

/** By which clients reach PoPs. */
export const prefetchBase = z
  .string()
  .max(300)
  .regex(/^https?:\/\/[^/\s?#@]+$/, 'an address such as https://packages.example.com');

export const prefetchOrder = z.object({
  /** Names of PoPs and shields, where `*` stands for any text. */
  to: z.array(z.string().min(1).max(64)).min(1).max(100),
  /** Seconds. */
  forS: z.int().min(shortestS).max(longestS).prefault(usualS),
  /** A later order of this name, by the same, takes the place of this one. */
  name: z.string().min(1).max(200).nullable().prefault(null),
  /** Versions of packages, or images by tag or digest. */
  versions: z
    .array(
      z.object({
        /** Without one: the first of that protocol. */
        route: name.optional(),
        protocol: name.optional(),
        packages: z
          .array(
            z.object({
              name,
              version: name,
              /** As lock files write it; absent: whatever is there. */
              integrity: z.string().max(8_192).nullable().prefault(null),
            }),
          )
          .max(mostWanted),
      }),
    )
    .max(100)
    .prefault([]),
  addresses: z
    .array(
      z.object({
        route: name.optional(),
        /** A URL, as clients use it, or its path. */
        url: z.string().min(1).max(2_048),
      }),
    )
    .max(mostWanted)
    .prefault([]),
  /** Of images: `os/architecture[/variant]`; none: all. */
  platforms: z
    .array(
      z
        .string()
        .max(64)
        .regex(/^[a-z0-9]+\/[a-z0-9]+(?:\/[a-z0-9.]+)?$/, 'a platform such as linux/amd64'),
    )
    .max(50)
    .prefault([]),
  /** With what clients ask for that have no lock file. */
  indexes: z.boolean().prefault(false),
  /** By which addresses clients reach the PoPs: what is made for clients is made for these, too. */
  bases: z.array(prefetchBase).max(8).prefault([]),
  /** Looks what there is to have, and has nobody fetch it. */
  dryRun: z.boolean().prefault(false),
});
export type PrefetchOrder = Readonly<z.output<typeof prefetchOrder>>;

const refused = z.object({
  /** As it was ordered. */
  what: z.string(),
  why: z.string(),
});

export const prefetchRecord = z.object({
  id: z.string(),
  name: z.string().nullable(),
  /** Who has ordered it. */
  by: z.string(),
  to: z.array(z.string()).readonly(),
  dryRun: z.boolean(),
  /** When it was ordered, and until when nodes have it; ms since the epoch. `null`: for as long as the config says so. */
  atMs: z.number(),
  untilMs: z.number().nullable(),
  /** `looking`: it is found out what there is to have; some of it may have been told already. `failed`: that came to nothing, and `error` says why. */
  state: z.enum(['looking', 'told', 'failed']),
  /** Which origin looks. */
  origin: z.string(),
  /** Versions and addresses: as they were ordered, and as many of them as have been looked at. */
  wanted: z.number(),
  looked: z.number(),
  /** What it comes to: things to fetch, and their bytes as far as they are known. */
  items: z.number(),
  bytes: z.number(),
  /** What nodes are not told to have; the first thousand. */
  refused: z.array(refused).readonly(),
  refusedCount: z.number(),
  error: z.string().nullable(),
});
export type PrefetchRecord = Readonly<z.output<typeof prefetchRecord>>;

export const prefetchState = prefetchRecord.extend({ nodes: z.array(replicaState).readonly() });
export type PrefetchState = Readonly<z.output<typeof prefetchState>>;
