/**
 * One version of something that is made of parts, each under its digest: an image with its layers, an index of images, a chart, a signature.
 * Texts are what publishers have written, in UTF-8 and cut where they are long: nothing to trust. Times are ms since the epoch; `null`, here
 * and below, what is not known.
 */
import type { PackageKind, Sizes } from './catalogue.ts';

export const artifactKinds = [
  'image',
  'index',
  'chart',
  'signature',
  'attestation',
  'sbom',
  'artifact',
] as const;
export type ArtifactKind = (typeof artifactKinds)[number];

export interface ArtifactSummary {
  readonly kind: ArtifactKind;
  /** A media type, as the publisher says it; `null`: he does not. */
  readonly artifactType: string | null;
  /** Of an index, as `linux/arm64/v8`, each once. */
  readonly platforms: readonly string[];
}

/** What a version is. */
export interface Artifact extends ArtifactSummary {
  readonly digest: string;
  readonly mediaType: string;
  /** Names that it has, some hundred at most. */
  readonly tags: readonly string[];
  /** What says what it is made of. */
  readonly manifestBytes: number;
  /** With all that it is made of, each once. */
  readonly sizeBytes: number | null;
  /** Of that. */
  readonly sizes: Sizes | null;
  readonly pushedMs: number | null;
  readonly publisher: string | null;
  readonly kept: PackageKind;
  readonly access: 'public' | 'restricted';
  /** Of an index. */
  readonly children: readonly ArtifactChild[];
  readonly config: ArtifactConfig | null;
  readonly layers: readonly ArtifactLayer[];
  readonly annotations: Texts;
  /** Digest of what it is about. */
  readonly subject: string | null;
  /** What is about it, some hundred at most. */
  readonly referrers: readonly ArtifactReferrer[];
  /** What stands against this being complete, for people. */
  readonly note: string | null;
}

/** By name, in the publisher's order. */
export type Texts = Readonly<Record<string, string>>;

/** One of the versions that an index holds. */
export interface ArtifactChild {
  readonly digest: string;
  readonly platform: string | null;
  readonly kind: ArtifactKind | null;
  /** With all that it is made of. */
  readonly sizeBytes: number | null;
  /** Whether it can be told of here. */
  readonly isHere: boolean;
}

export interface ArtifactConfig {
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly platform: string | null;
  readonly createdMs: number | null;
  readonly author: string | null;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string | null;
  readonly workingDir: string | null;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  /** Names alone: values may be secrets that somebody has left there. */
  readonly environment: readonly string[];
  readonly labels: Texts;
}

export interface ArtifactLayer {
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** What has made it, or what its file is called. */
  readonly history: string | null;
  /** Whether another package of the route has it, as far as the reader may know. */
  readonly isShared: boolean | null;
}

export interface ArtifactReferrer {
  readonly digest: string;
  readonly kind: ArtifactKind;
  readonly artifactType: string | null;
  readonly sizeBytes: number;
  readonly annotations: Texts;
  /** By which it is found, where there is one. */
  readonly tag: string | null;
}
