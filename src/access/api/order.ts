/** Long work on what an origin keeps, in words: what may be ordered, and how far it is. */
import { z } from 'zod';
import type { Actor } from '../register/actor.ts';

const folder = z.string().startsWith('/').max(4096);
const route = z.string().max(200).optional();

export const order = z.discriminatedUnion('do', [
  z.object({ do: z.literal('collect'), dryRun: z.boolean().prefault(false) }),
  z.object({
    do: z.literal('import'),
    /** How the folder is laid out. */
    from: z.enum(['verdaccio', 'tarballs', 'oci']),
    /** On the origin's machine, absolute; or a file, where a layout may be one. */
    folder,
    /** Which one, where several are a home. */
    route,
    /** What Verdaccio has pulled from elsewhere, too. */
    all: z.boolean().prefault(false),
    /** Of images: the repository that they go to, perhaps with a tag for the only one. */
    as: z.string().max(500).optional(),
    /** Of images: moves tags that stand for something else. */
    move: z.boolean().prefault(false),
    dryRun: z.boolean().prefault(false),
  }),
  z.object({
    do: z.literal('mirror'),
    /** Without one, the first of that protocol. */
    route,
    protocol: z.string().max(100).prefault('npm'),
    packages: z
      .array(z.object({ name: z.string(), version: z.string(), integrity: z.string().nullable() }))
      .max(50_000),
  }),
  z.object({
    do: z.literal('export'),
    folder,
    route,
    /** Names of what is wanted; none: all. */
    what: z.array(z.string().max(500)).max(1000).prefault([]),
    dryRun: z.boolean().prefault(false),
  }),
  /** Applies the rules of retention: of this route, or of all. */
  z.object({ do: z.literal('retain'), route, dryRun: z.boolean().prefault(false) }),
  /** Counts what is there, and puts the totals right. */
  z.object({ do: z.literal('recount') }),
]);
export type Order = z.output<typeof order>;

export const work = z.object({
  id: z.string(),
  what: z.string(),
  state: z.enum(['running', 'done', 'failed']),
  beganMs: z.number(),
  endedMs: z.number().nullable(),
  /** So far: how many of what. */
  counts: z.record(z.string(), z.number()),
  /** What a person has to know, such as a package that is refused; the first thousand. */
  notes: z.array(z.string()),
  /** Why it failed. */
  error: z.string().nullable(),
});
export type Work = z.output<typeof work>;

export interface Works {
  /** @throws `conflict` while there is other work. */
  begin(order: Order, actor: Actor): Work;
  /** `null`: none that is remembered. */
  find(id: string): Work | null;
}
