/** What lives here, as documents and blobs of the store have it. */
import type { ArtifactReferrer } from '../../../catalogue.ts';
import type { BlobStore, Sha256 } from '../../../store.ts';
import type { Digest } from '../digest.ts';
import {
  findBlob,
  findManifest,
  findTag,
  referrer,
  referrersPrefix,
  taggedPrefix,
} from '../hosted/record.ts';
import { kindOf, textsIn } from '../outline.ts';
import type { Content } from './content.ts';
import { type Sharing, sharedOf } from './shared.ts';
import { signatureTags } from './signature-tags.ts';

const mostTags = 100;
const mostReferrers = 100;

export interface HostedContent extends Sharing {
  readonly blobs: Pick<BlobStore, 'open'>;
}

export function hostedContent(here: HostedContent): Content {
  const { metadata, blobs, at, hosted } = here;

  async function bytesOf(blob: Sha256): Promise<Uint8Array | null> {
    const opened = await blobs.open(blob);
    return opened && new Uint8Array(await new Response(opened.body).arrayBuffer());
  }

  async function byTag(subject: Digest): Promise<readonly ArtifactReferrer[]> {
    const found = await Promise.all(
      signatureTags(subject).map(async ({ tag, kind }) => {
        const digest = (await findTag(metadata, at, tag))?.digest;
        const record = digest && (await findManifest(metadata, at, digest));
        if (!digest || !record) return [];
        const { artifactType = null } = record.summary ?? {};
        return [{ digest, kind, artifactType, sizeBytes: record.sizeBytes, annotations: {}, tag }];
      }),
    );
    return found.flat();
  }

  return {
    kept: 'hosted',
    access: hosted.isPublic(at.name) ? 'public' : 'restricted',
    resolve: async (tag) => (await findTag(metadata, at, tag))?.digest ?? null,

    async manifest(digest) {
      const record = await findManifest(metadata, at, digest);
      const bytes = record && (await bytesOf(record.blob));
      if (!record || !bytes) return null;
      return { bytes, mediaType: record.mediaType, pushedMs: record.pushedMs, publisher: record.by };
    },

    async blob(digest, maxBytes) {
      const record = await findBlob(metadata, at, digest);
      return record && record.sizeBytes <= maxBytes ? bytesOf(record.blob) : null;
    },

    async tagsOf(digest) {
      const found = await metadata.scan(taggedPrefix(at, digest), { limit: mostTags });
      return found.map(({ key }) => key.at(-1) ?? '');
    },

    async referrers(digest) {
      const found = await metadata.scan(referrersPrefix(at, digest), { limit: mostReferrers });
      const told = found.map(({ value }): ArtifactReferrer => {
        const { digest, artifactType = null, size, annotations } = referrer.parse(value);
        const kind = kindOf(artifactType);
        return {
          ...{ digest, kind, artifactType, sizeBytes: size, tag: null },
          annotations: textsIn(annotations),
        };
      });
      return [...told, ...(await byTag(digest))];
    },

    async shared(digests) {
      const byBlob = new Map<Sha256, Digest>();
      for (const digest of digests) {
        const record = (await findBlob(metadata, at, digest)) ?? (await findManifest(metadata, at, digest));
        if (record !== null) byBlob.set(record.blob, digest);
      }
      const shared = await sharedOf(here, [...byBlob.keys()]);
      return new Set([...shared].flatMap((blob) => byBlob.get(blob) ?? []));
    },
  };
}
