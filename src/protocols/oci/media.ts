/** Media types of manifests, and what a registry is told that this network takes: all of them, whatever one client may take. */

export const indexType = 'application/vnd.oci.image.index.v1+json';

const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  indexType,
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.artifact.manifest.v1+json',
  // Old registries have nothing else for old images.
  'application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.1',
  'application/vnd.docker.distribution.manifest.v1+json;q=0.1',
];

export const anyManifest = manifestTypes.join(', ');

/** Types of manifests, those of tomorrow too. */
const typeOfManifest =
  /^application\/(?:json|vnd\.[\w.-]+\+(?:json|prettyjws))(?:\s*;\s*[\w-]+="?[\w-]+"?)*$/i;

/** What an upstream calls a manifest, as it is passed on: nobody's browser takes it for a page of this host. */
export function manifestType(stated: string | null): string {
  return stated !== null && typeOfManifest.test(stated) ? stated : 'application/octet-stream';
}
