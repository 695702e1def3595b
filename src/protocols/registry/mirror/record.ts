/**
 * What is written down about what is kept for good of other registries: bytes in the blob store, and a document for each address.
 *
 *     registry-mirror       <route> <name> <path> <form>   one of them; the name is empty where it belongs to no package
 *     registry-mirror-noted <route>                        since when uses are noted
 */
import { z } from 'zod';
import type { DocumentKey } from '../../../store.ts';
import type { Item } from '../ecosystem.ts';
import { sha256 } from '../hosted/record.ts';

/** Of all addresses: `mirroredOf(route)`; of a package: `mirroredOf(route, name)`. */
export const mirroredOf = (route: string, ...name: readonly string[]): DocumentKey => [
  ...['registry-mirror', route, ...name],
];

export function mirrorKey(route: string, { name, path, form }: Item): DocumentKey {
  return [...mirroredOf(route, name ?? ''), path, form ?? ''];
}

const mirrored = z.object({
  blob: sha256,
  sizeBytes: z.number(),
  /** Media type. */
  type: z.string(),
  /** Of an index: its entity tag, by which some clients know what they have; `null`: one is made of its bytes. */
  etag: z.string().nullable().default(null),
  /** The thing itself, and no index. */
  isFile: z.boolean(),
  /** Of the version that it was wanted for; `null`: of no one in particular. */
  version: z.string().nullable(),
  /** 1 for the one thing that stands for a version where versions are counted. */
  versions: z.number(),
  mirroredMs: z.number(),
  /** When it was last wanted, to a day. */
  usedMs: z.number(),
});
export type Mirrored = Readonly<z.output<typeof mirrored>>;
export const asMirrored = (value: unknown): Mirrored => mirrored.parse(value);
