/**
 * What a manifest says, as far as a registry has to know: what it is made of, and what it is about (OCI Image Specification 1.1, Image
 * Manifest and Image Index; Docker's Image Manifest 2, Schema 2). What is ambiguous is refused: whoever reads it must not come to another
 * conclusion than whoever has checked it.
 */
import { z } from 'zod';
import { parsedJson } from '../../../http/json.ts';
import { type Digest, readDigest } from '../digest.ts';
import { Refusal } from './refusal.ts';

/** The specification asks registries to take 4 MiB. */
export const longestManifest = 4 * 2 ** 20;
/** Each of them is a document to look up, and another to write. */
const mostReferences = 2000;

export interface Manifest {
  readonly mediaType: string;
  /** Blobs that it names and a client pulls from here. */
  readonly blobs: readonly Reference[];
  /** Of an index: the manifests. */
  readonly manifests: readonly Reference[];
  readonly subject: Digest | null;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

export interface Reference {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly mediaType: string | undefined;
}

const imageTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]);
const artifactTypes: ReadonlySet<string> = new Set(['application/vnd.oci.artifact.manifest.v1+json']);
const indexTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]);

const descriptor = z.object({
  mediaType: z.string().optional(),
  digest: z.string().transform((text, context): Digest => {
    const digest = text.includes('%') ? null : readDigest(text);
    if (digest !== null) return digest;
    context.addIssue({
      code: 'custom',
      message: 'no digest that can be checked (sha256, sha512)',
      input: text,
    });
    return z.NEVER;
  }),
  size: z.int().nonnegative(),
  urls: z.array(z.string()).optional(),
});
type Descriptor = z.output<typeof descriptor>;

const descriptors = z.array(descriptor).max(mostReferences);
const common = {
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  annotations: z.record(z.string(), z.string()).nullish(),
  subject: descriptor.nullish(),
};

const image = z.object({
  ...common,
  schemaVersion: z.literal(2),
  config: descriptor,
  layers: descriptors,
  manifests: z.undefined().optional(),
});
const artifact = z.object({
  ...common,
  blobs: descriptors.optional(),
  layers: z.undefined().optional(),
  manifests: z.undefined().optional(),
});
const index = z.object({
  ...common,
  schemaVersion: z.literal(2),
  manifests: descriptors,
  layers: z.undefined().optional(),
  config: z.undefined().optional(),
});

/** @param contentType as the client sends it. @throws a `Refusal` that says what is wrong. */
export function readManifest(bytes: Uint8Array, contentType: string | null): Manifest {
  const value = parsed(bytes);
  const stated = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const own = z.object({ mediaType: z.string().optional() }).safeParse(value).data?.mediaType;
  const mediaType = stated === '' ? (own ?? '') : stated;
  if (own !== undefined && own !== mediaType)
    throw invalid(`its mediaType is ${own}, and its Content-Type ${mediaType}`);
  if (imageTypes.has(mediaType)) {
    const { config, layers, ...rest } = checked(image, value);
    // What is not distributable is fetched from where it says.
    const own = layers.filter(({ urls }) => urls === undefined || urls.length === 0);
    const { artifactType = config.mediaType } = nonEmpty(rest);
    return {
      ...about(mediaType, rest),
      blobs: [config, ...own].map(asReference),
      manifests: [],
      artifactType,
    };
  }
  if (indexTypes.has(mediaType)) {
    const { manifests, ...rest } = checked(index, value);
    return { ...about(mediaType, rest), blobs: [], manifests: manifests.map(asReference), ...nonEmpty(rest) };
  }
  if (artifactTypes.has(mediaType)) {
    const { blobs = [], ...rest } = checked(artifact, value);
    return { ...about(mediaType, rest), blobs: blobs.map(asReference), manifests: [], ...nonEmpty(rest) };
  }
  throw invalid(`"${mediaType}" is no type of manifest that is kept here`);
}

interface Common {
  readonly artifactType?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | null | undefined;
  readonly subject?: Descriptor | null | undefined;
}

function about(mediaType: string, { annotations, subject }: Common) {
  return { mediaType, annotations: annotations ?? undefined, subject: subject?.digest ?? null };
}

function nonEmpty({ artifactType }: Common): { readonly artifactType: string | undefined } {
  return { artifactType: artifactType === '' ? undefined : artifactType };
}

function asReference({ digest, size, mediaType }: Descriptor): Reference {
  return { digest, sizeBytes: size, mediaType };
}

function checked<Shape extends z.ZodType>(shape: Shape, value: unknown): z.output<Shape> {
  const read = shape.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw invalid(`${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'is not valid'}`);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return parsedJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw invalid('it is not UTF-8', cause);
  }
}

function invalid(why: string, cause?: unknown): Refusal {
  return new Refusal(400, 'MANIFEST_INVALID', `The manifest is refused: ${why}.`, { cause });
}
