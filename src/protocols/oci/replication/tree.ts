/**
 * All that a client asks for who pulls a tag: the tag itself, its manifests, and the config and layers of each, every one by the address that
 * clients use. Of an index, only the manifests for some platforms.
 */
import { z } from 'zod';
import type { PrefetchItem } from '../../../foresight.ts';
import { parsedJson } from '../../../http/json.ts';
import { longestManifest } from '../answers.ts';
import { type Digest, etagOf, readDigest } from '../digest.ts';

/** Reads a resource of the route at the origin, by the path that clients ask for. */
export type Read = (
  target: string,
  maxBytes: number,
) => Promise<{ readonly status: number; readonly headers: Headers; readonly bytes: Uint8Array }>;

export type Tree =
  /** @property lacks what the policy refuses of an index, in words; `null`: nothing. */
  | { readonly is: 'there'; readonly items: readonly PrefetchItem[]; readonly lacks: string | null }
  /** By the policy: nobody may have it. */
  | { readonly is: 'refused'; readonly why: string }
  | { readonly is: 'gone' }
  | { readonly is: 'unknown'; readonly why: string };

export interface TreeOptions {
  /** Path of the repository: `/v2/acme/app`. */
  readonly at: string;
  readonly tag: string;
  readonly platforms: readonly string[];
  readonly read: Read;
}

const longestReason = 500;
/** Indexes in indexes: what is deeper is left to whoever asks for it. */
const deepest = 4;
/** No list of what nodes shall have is longer (`src/prefetch/wire.ts`): what is beyond is not even looked at. */
const mostItems = 2_000;

const descriptor = z.object({
  digest: z.string(),
  size: z.int().nonnegative(),
  urls: z.array(z.string()).optional(),
});
const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });
const manifest = z.object({
  manifests: z.array(descriptor.extend({ platform: platform.optional() })).optional(),
  config: descriptor.optional(),
  layers: z.array(descriptor).optional(),
});

export async function treeOf({ at, tag, platforms, read }: TreeOptions): Promise<Tree> {
  const target = `${at}/manifests/${tag}`;
  const answer = await read(target, longestManifest);
  if (answer.status === 404) return { is: 'gone' };
  const refused = refusalIn(answer);
  if (refused !== null) return { is: 'refused', why: refused };
  if (answer.status !== 200) return { is: 'unknown', why: `${target}: the origin answers ${answer.status}` };
  const digest = readDigest(answer.headers.get('docker-content-digest') ?? '');
  if (digest === null) return { is: 'unknown', why: `${target}: nobody says its digest` };
  const items = new Map<string, PrefetchItem>();
  const add = (path: string, bytes: number, of: Digest) =>
    items.set(path, { target: `${at}/${path}`, bytes, etag: etagOf(of) });
  add(`manifests/${tag}`, answer.bytes.byteLength, digest);
  add(`manifests/${digest}`, answer.bytes.byteLength, digest);

  let lacks: string | null = null;
  const tooMuch = `${target}: it is made of more than ${mostItems} manifests, configs and layers`;
  let absent = 0;

  async function grow(bytes: Uint8Array, depth: number): Promise<string | null> {
    const { data } = manifest.safeParse(parsedJson(new TextDecoder().decode(bytes)));
    for (const { digest, size, urls } of [...(data?.config ? [data.config] : []), ...(data?.layers ?? [])]) {
      const read = readDigest(digest);
      if (read !== null && (urls === undefined || urls.length === 0)) add(`blobs/${read}`, size, read);
    }
    if (items.size > mostItems) return tooMuch;
    for (const child of data?.manifests ?? []) {
      const digest = readDigest(child.digest);
      if (digest === null || depth === deepest || !isWanted(child.platform, platforms)) continue;
      const path = `manifests/${digest}`;
      if (items.has(path)) continue;
      const found = await read(`${at}/${path}`, longestManifest);
      // An index may name what was never copied along with it.
      if (found.status === 404 && ++absent < mostItems) continue;
      const refused = refusalIn(found);
      lacks ??= refused;
      if (refused !== null && ++absent < mostItems) continue;
      if (found.status !== 200) return `${at}/${path}: the origin answers ${found.status}`;
      add(path, found.bytes.byteLength, digest);
      if (items.size > mostItems) return tooMuch;
      const why = await grow(found.bytes, depth + 1);
      if (why !== null) return why;
    }
    return null;
  }

  const why = await grow(answer.bytes, 1);
  return why === null ? { is: 'there', items: [...items.values()], lacks } : { is: 'unknown', why };
}

const refusal = z.object({
  errors: z.array(z.object({ message: z.string(), detail: z.object({ rules: z.array(z.string()) }) })).min(1),
});

/** Why the policy is against it, as clients are told; `null`: it is not. */
function refusalIn({ status, bytes }: Awaited<ReturnType<Read>>): string | null {
  if (status !== 403) return null;
  const told = refusal.safeParse(parsedJson(new TextDecoder().decode(bytes))).data?.errors[0]?.message;
  return told?.slice(0, longestReason) ?? null;
}

/** One without a variant stands for all of them. What says no platform is for all. */
function isWanted(of: z.output<typeof platform> | undefined, platforms: readonly string[]): boolean {
  if (platforms.length === 0 || of === undefined) return true;
  const name = `${of.os}/${of.architecture}`;
  return (
    platforms.includes(name) || (of.variant !== undefined && platforms.includes(`${name}/${of.variant}`))
  );
}
