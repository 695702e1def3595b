/** An image of a layout with all of its manifests, read and checked before a byte of it is stored. */
import { algorithmOf, type Digest, digestOf } from '../../digest.ts';
import { longestManifest, type Manifest, readManifest } from '../manifest.ts';
import { blobPath } from './format.ts';
import type { LayoutIn } from './read.ts';
import { unfit } from './unfit.ts';

/** Of one image: they become visible in one transaction, and are in memory until then. */
const mostManifests = 200;
const mostManifestBytes = 64 * 2 ** 20;
/** What several need is passed several times. */
const mostVisits = 10 * mostManifests;

export interface TreeManifest {
  readonly digest: Digest;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly manifest: Manifest;
}

export interface ImageTree {
  /** What a manifest needs comes before it; the image itself is the last one. */
  readonly manifests: readonly TreeManifest[];
  /** How long each is; no two of them alike. */
  readonly blobs: ReadonlyMap<Digest, number>;
}

interface Described {
  readonly digest: Digest;
  /** Absent: as the manifest says itself. */
  readonly mediaType: string | undefined;
  readonly sizeBytes: number;
}

/** @throws a `Refusal` that names what is missing or wrong. */
export async function readTree(layout: LayoutIn, top: Described): Promise<ImageTree> {
  const found = new Map<Digest, TreeManifest>();
  const blobs = new Map<Digest, number>();
  let [bytes, visits] = [0, 0];
  const waiting: Described[] = [top];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    // What several need comes before all of them.
    const before = found.get(next.digest);
    found.delete(next.digest);
    const read = before ?? (await readOne(layout, next));
    found.set(next.digest, read);
    bytes += before === undefined ? read.bytes.length : 0;
    visits++;
    if (visits > mostVisits || found.size > mostManifests || bytes > mostManifestBytes)
      throw unfit(
        `it has more than ${mostManifests} manifests, or more than ${mostManifestBytes} bytes of them`,
      );
    for (const { digest, sizeBytes } of read.manifest.blobs) blobs.set(digest, sizeBytes);
    waiting.push(...read.manifest.manifests);
  }
  return { manifests: [...found.values()].reverse(), blobs };
}

async function readOne(layout: LayoutIn, { digest, mediaType, sizeBytes }: Described): Promise<TreeManifest> {
  const path = blobPath(digest);
  if (sizeBytes > longestManifest) throw unfit(`${path}: a manifest may have ${longestManifest} bytes`);
  const file = await layout.open(path);
  if (file === null) throw unfit(`${path}: there is no such file`);
  if (file.sizeBytes !== sizeBytes) throw unfit(`${path}: it has ${file.sizeBytes} bytes, not ${sizeBytes}`);
  const bytes = new Uint8Array(await new Response(file.stream()).arrayBuffer());
  if (digestOf(bytes, algorithmOf(digest)) !== digest) throw unfit(`${path}: its bytes are others`);
  return { digest, bytes, manifest: readManifest(bytes, mediaType ?? null) };
}
