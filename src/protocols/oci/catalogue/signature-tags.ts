/** Tags under which cosign keeps what it says of a manifest, at registries with and without the API for referrers. */
import type { ArtifactKind } from '../../../catalogue.ts';
import type { Digest } from '../digest.ts';

const suffixes = [
  ['.sig', 'signature'],
  ['.att', 'attestation'],
  ['.sbom', 'sbom'],
] as const;

export function signatureTags(
  digest: Digest,
): readonly { readonly tag: string; readonly kind: ArtifactKind }[] {
  return suffixes.map(([suffix, kind]) => ({ tag: `${digest.replace(':', '-')}${suffix}`, kind }));
}
