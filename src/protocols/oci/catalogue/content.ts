/** Where what is told of a repository comes from: what lives here, or what the origin keeps of another registry. */
import type { ArtifactReferrer, PackageKind } from '../../../catalogue.ts';
import type { Digest } from '../digest.ts';

export interface Content {
  readonly kept: PackageKind;
  readonly access: 'public' | 'restricted';
  /** What a tag stands for; `null`: nothing, as far as is known here. */
  resolve(tag: string): Promise<Digest | null>;
  manifest(digest: Digest): Promise<FoundManifest | null>;
  /** `null`: it is not here, or longer. */
  blob(digest: Digest, maxBytes: number): Promise<Uint8Array | null>;
  tagsOf(digest: Digest): Promise<readonly string[]>;
  referrers(digest: Digest): Promise<readonly ArtifactReferrer[]>;
  /** Which of them another repository has; `null`: not told. */
  shared(digests: readonly Digest[]): Promise<ReadonlySet<Digest> | null>;
}

export interface FoundManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string | null;
  readonly pushedMs: number | null;
  readonly publisher: string | null;
}
