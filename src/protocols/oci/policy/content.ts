/**
 * What a manifest says, as far as rules have to know. Clients may read a document otherwise than we do (Go takes `Layers` for `layers`), so
 * what could be read in two ways is never counted in its favour.
 */
import { z } from 'zod';
import { parsedJson } from '../../../http/json.ts';
import { type Digest, readDigest } from '../digest.ts';
import { layerTypes, longestSignature } from './signatures/types.ts';

export interface Content {
  /** Everything that it names by digest, wherever it does. */
  readonly names: readonly Digest[];
  /** Of an index. */
  readonly manifests: readonly Digest[];
  readonly isIndex: boolean;
  /** It holds signatures or statements about an image, and nothing that anybody could run. */
  readonly isSignature: boolean;
  /** Of an image. */
  readonly config: Digest | null;
  /** When it says that it was made (`org.opencontainers.image.created`), ms since the epoch. */
  readonly createdMs: number | null;
}

/** A manifest that names more is no image. */
const mostNames = 5000;

/** Of what nobody has read. */
export const nothing: Content = {
  ...{ names: [], manifests: [], isIndex: false, isSignature: false, config: null, createdMs: null },
};

export function contentOf(bytes: Uint8Array): Content {
  const value = parsedJson(new TextDecoder().decode(bytes));
  const names = new Set<Digest>();
  collect(value, names);
  const top = z.looseObject({}).safeParse(value).data;
  if (top === undefined) return nothing;
  const keys = Object.keys(top).map((key) => key.toLowerCase());
  const found = { ...nothing, names: [...names] };
  if (new Set(keys).size < keys.length) return found;
  const createdMs = dateIn(annotated.safeParse(value).data?.annotations?.[createdAnnotation]);
  const index = indexLike.safeParse(value).data;
  if (index !== undefined && !keys.some((key) => ofImages.has(key))) {
    const manifests = index.manifests.flatMap(({ digest }) => readDigest(digest) ?? []);
    return { ...found, manifests, isIndex: true, createdMs };
  }
  const image = imageLike.safeParse(value).data;
  const isConfig = image !== undefined && configTypes.has(image.config.mediaType);
  const config = isConfig ? readDigest(image.config.digest) : null;
  return { ...found, config, createdMs, isSignature: signature.safeParse(value).success };
}

function collect(value: unknown, into: Set<Digest>): void {
  const left = [value];
  while (left.length > 0 && into.size <= mostNames) {
    const each = left.pop();
    if (typeof each === 'string') {
      const digest = readDigest(each);
      if (digest !== null) into.add(digest);
    } else if (each !== null && typeof each === 'object') {
      for (const inner of Object.values(each)) left.push(inner);
    }
  }
}

const ofImages: ReadonlySet<string> = new Set(['config', 'layers', 'fslayers', 'blobs']);
const indexLike = z.looseObject({ manifests: z.array(z.looseObject({ digest: z.string() })) });
const imageLike = z.looseObject({ config: z.looseObject({ mediaType: z.string(), digest: z.string() }) });

const configTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

const createdAnnotation = 'org.opencontainers.image.created';
const annotated = z.looseObject({ annotations: z.record(z.string(), z.string()).optional() });

/** Tools that build the same bytes every time write a date from before there were images: that is none. */
const firstImagesMs = Date.UTC(2013, 0, 1);

export function dateIn(text: string | undefined): number | null {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return ms >= firstImagesMs ? ms : null;
}

const descriptor = {
  digest: z.string(),
  size: z.int().max(longestSignature),
  annotations: z.record(z.string(), z.string()).optional(),
  artifactType: z.string().optional(),
  data: z.string().optional(),
};

/** Strictly: what it has besides might be what a client runs. */
const signature = z.strictObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: z.strictObject({ ...descriptor, mediaType: z.string() }),
  layers: z
    .array(z.strictObject({ ...descriptor, mediaType: z.string().refine((type) => layerTypes.has(type)) }))
    .min(1),
  subject: z.strictObject({ ...descriptor, size: z.int(), mediaType: z.string() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
