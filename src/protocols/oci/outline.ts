/**
 * What a manifest of any age tells people, with nothing taken for granted: whoever has pushed it has written it. What cannot be read is left
 * out; texts are cut, and lists as well. Who has to check a manifest reads it otherwise (`hosted/manifest.ts`).
 */
import type { ArtifactKind, ArtifactSummary, Texts } from '../../catalogue.ts';
import { parsedJson } from '../../http/json.ts';
import { type Digest, readDigest } from './digest.ts';

/** UTF-16 units. */
const longestText = 2_000;
const longestType = 255;
const mostParts = 2_000;
const mostTexts = 200;
const mostPlatforms = 50;

export interface Outline extends ArtifactSummary {
  readonly mediaType: string;
  readonly config: Part | null;
  readonly layers: readonly Part[];
  /** Of an index. */
  readonly children: readonly Child[];
  readonly annotations: Texts;
  readonly subject: Digest | null;
}

export interface Part {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly annotations: Texts;
}

export interface Child extends Part {
  readonly platform: string | null;
  /** As the index has it; `null`: it says nothing of that. */
  readonly kind: ArtifactKind | null;
}

/** @param contentType what is known of it from elsewhere. @returns `null` for what is no manifest. */
export function outlineOf(bytes: Uint8Array, contentType: string | null): Outline | null {
  const value = fieldsIn(parsedJson(new TextDecoder().decode(bytes)));
  if (value === null) return null;
  const mediaType = typeIn(value['mediaType']) ?? typeIn(contentType) ?? '';
  const config = partIn(value['config']);
  const layers = listIn(value['layers'] ?? value['blobs']).flatMap((each) => partIn(each) ?? []);
  const children = listIn(value['manifests']).flatMap((each) => childIn(each) ?? []);
  const isIndex = Array.isArray(value['manifests']);
  const artifactType = typeIn(value['artifactType']) ?? (isIndex ? null : (config?.mediaType ?? null));
  const platforms = new Set(children.flatMap(({ platform }) => platform ?? []));
  return {
    ...{ mediaType, config, layers, children, artifactType },
    kind: isIndex ? 'index' : kindOf(artifactType, layers),
    platforms: [...platforms].slice(0, mostPlatforms),
    annotations: textsIn(value['annotations']),
    subject: partIn(value['subject'])?.digest ?? null,
  };
}

/** What lists show of it, as it is written down with the manifest. */
export function summaryOf({ kind, artifactType, platforms, annotations }: Outline) {
  return { kind, artifactType, platforms, description: annotations[descriptionName] ?? '' };
}

/** OCI Image Specification, Annotations. */
export const descriptionName = 'org.opencontainers.image.description';

const imageConfigs: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

/** By words that the makers of such types use. */
const typeWords: readonly (readonly [ArtifactKind, RegExp])[] = [
  ['chart', /\bhelm\.config\b/],
  ['sbom', /spdx|cyclonedx|sbom|syft/],
  ['attestation', /in-?toto|attestation|dsse|slsa/],
  ['signature', /simplesigning|signature|sigstore\.bundle|cosign.*\bsig/],
];

/** @param layers signatures of cosign call themselves images, and their layers by what they are. */
export function kindOf(
  artifactType: string | null,
  layers: readonly Pick<Part, 'mediaType'>[] = [],
): ArtifactKind {
  const isImage = artifactType === null || imageConfigs.has(artifactType);
  const types = isImage ? layers.map(({ mediaType }) => mediaType) : [artifactType];
  for (const [kind, words] of typeWords) if (types.some((type) => words.test(type))) return kind;
  return isImage ? 'image' : 'artifact';
}

function partIn(value: unknown): Part | null {
  const part = fieldsIn(value);
  const digest = readDigest(textIn(part?.['digest']) ?? '');
  const size = part?.['size'];
  if (part === null || digest === null || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    return null;
  const mediaType = typeIn(part['mediaType']) ?? '';
  return { digest, mediaType, sizeBytes: size, annotations: textsIn(part['annotations']) };
}

function childIn(value: unknown): Child | null {
  const part = partIn(value);
  if (part === null) return null;
  const fields = fieldsIn(value);
  const isAttestation = part.annotations['vnd.docker.reference.type'] === 'attestation-manifest';
  const own = typeIn(fields?.['artifactType']);
  const kind = isAttestation ? 'attestation' : own === null ? null : kindOf(own);
  return { ...part, kind, platform: isAttestation ? null : platformIn(fields?.['platform']) };
}

/** `linux/arm64/v8` */
export function platformIn(value: unknown): string | null {
  const platform = fieldsIn(value);
  const words = ['os', 'architecture', 'variant'].flatMap((name) => textIn(platform?.[name]) ?? []);
  const text = words.join('/').slice(0, 100);
  return text === '' || text.startsWith('unknown/') ? null : text;
}

export function fieldsIn(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

/** `null` for an empty one. */
export function textIn(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, longestText) : null;
}

function typeIn(value: unknown): string | null {
  return textIn(value)?.slice(0, longestType) ?? null;
}

export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, mostParts) : [];
}

export function textsIn(value: unknown): Texts {
  const texts: [string, string][] = [];
  for (const [name, text] of Object.entries(fieldsIn(value) ?? {}).slice(0, mostTexts))
    if (typeof text === 'string' && name !== '__proto__')
      texts.push([name.slice(0, longestType), text.slice(0, longestText)]);
  return Object.fromEntries(texts);
}

export function timeIn(value: unknown): number | null {
  const ms = Date.parse(textIn(value) ?? '');
  return Number.isFinite(ms) ? ms : null;
}
