/** What the origin keeps of another registry. Nobody is asked for what it does not: a page that is looked at pulls nothing. */
import { z } from 'zod';
import type { ArtifactReferrer } from '../../../catalogue.ts';
import { parsedJson } from '../../../http/json.ts';
import type { Lent } from '../../../protocol.ts';
import type { Resource } from '../../../resource.ts';
import { longestManifest } from '../answers.ts';
import { type Digest, readDigest } from '../digest.ts';
import { blobResource, manifestResource, resourceOf } from '../name.ts';
import type { OciOrigin } from '../origin.ts';
import { kindOf, textsIn } from '../outline.ts';
import type { CachedRepository } from './cached.ts';
import type { Content } from './content.ts';
import { signatureTags } from './signature-tags.ts';

const mostTags = 100;
const mostReferrers = 100;

export function cachedContent(
  { route, metadata }: Pick<OciOrigin, 'route' | 'metadata'>,
  name: string,
  known: Pick<CachedRepository, 'tags'>,
  { held, origin, ask }: Lent,
): Content {
  /** `null`: it is not kept, or longer. */
  async function read(resource: Resource, maxBytes: number) {
    const sizeBytes = held.sizeBytes(resource);
    if (sizeBytes === null || sizeBytes > maxBytes) return null;
    const { status, headers, bytes } = await origin.read(resource, ask, maxBytes);
    return status === 200 ? { headers, bytes } : null;
  }

  function digestOfTag(tag: string): Digest | null {
    const etag = held.etag(resourceOf(route, { kind: 'tag', name, tag }));
    return etag === null ? null : readDigest(etag.replaceAll('"', ''));
  }

  return {
    kept: 'cached',
    access: 'public',
    resolve: async (tag) => digestOfTag(tag),

    async manifest(digest) {
      const found = await read(manifestResource(route, name, digest), longestManifest);
      if (found === null) return null;
      const mediaType = found.headers.get('content-type');
      return { bytes: found.bytes, mediaType, pushedMs: null, publisher: null };
    },

    blob: async (digest, maxBytes) =>
      (await read(blobResource(route, name, digest), maxBytes))?.bytes ?? null,

    async tagsOf(digest) {
      const found: string[] = [];
      for (const tag of known.tags.keys())
        if (found.length < mostTags && digestOfTag(tag) === digest) found.push(tag);
      return found.sort();
    },

    async referrers(digest) {
      const list = resourceOf(route, { kind: 'referrers', name, digest, query: '' }, metadata);
      const found = await read(list, longestManifest);
      const told = found === null ? [] : referrersIn(found.bytes);
      return [...told, ...signatureTags(digest).flatMap(({ tag, kind }) => byTag(tag, kind) ?? [])];
    },

    // Nobody counts who else keeps the same of other registries.
    shared: async () => null,
  };

  function byTag(tag: string, kind: ArtifactReferrer['kind']): ArtifactReferrer | null {
    const digest = digestOfTag(tag);
    const sizeBytes = digest && held.sizeBytes(manifestResource(route, name, digest));
    return digest === null || sizeBytes === null
      ? null
      : { digest, kind, artifactType: null, sizeBytes, annotations: {}, tag };
  }
}

const index = z.object({ manifests: z.array(z.unknown()) });
const descriptor = z.looseObject({
  digest: z.string(),
  size: z.number(),
  artifactType: z.string().max(255).optional(),
});

function referrersIn(bytes: Uint8Array): readonly ArtifactReferrer[] {
  const { manifests = [] } = index.safeParse(parsedJson(new TextDecoder().decode(bytes))).data ?? {};
  return manifests.slice(0, mostReferrers).flatMap((each) => {
    const found = descriptor.safeParse(each).data;
    if (found === undefined || readDigest(found.digest) === null) return [];
    const { digest, size, artifactType = null, annotations } = found;
    const kind = kindOf(artifactType);
    return [
      { ...{ digest, kind, artifactType, sizeBytes: size, tag: null }, annotations: textsIn(annotations) },
    ];
  });
}
