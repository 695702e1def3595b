/**
 * Fetches the config and the layers of an image ahead, when its manifest has come from the upstream: whoever asked for that is going
 * to ask for them, one after the other. They go through the origin's own cache, so a client who comes meanwhile follows the same fill.
 *
 * Only what was new here is foreseen, so what is pulled every day costs nothing. Of an index nothing is fetched ahead: a client takes one
 * of its manifests, and asks for that by its digest.
 */
import { z } from 'zod';
import { parsedJson } from '../../http/json.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { inTurn } from '../in-turn.ts';
import { type Digest, readDigest } from './digest.ts';
import { blobResource } from './name.ts';

export interface AheadLimits {
  /** Blobs that are fetched at once; 0: nothing is fetched ahead. */
  readonly atOnce: number;
  /** What is larger is fetched when it is asked for. */
  readonly largestBytes: number;
}

export interface Ahead {
  /** A manifest has come. Neither waits nor fails. */
  foresee(name: string, manifest: Uint8Array, ask: Ask, origin: OriginDoor): void;
}

/** Waiting for their turn; what comes beyond that is fetched when it is asked for. */
const mostWaiting = 1000;

export function openAhead(route: string, { atOnce, largestBytes }: AheadLimits): Ahead {
  const turns = inTurn(atOnce, mostWaiting);

  return {
    foresee(name, manifest, ask, origin) {
      if (!turns.hasRoom) return;
      for (const digest of blobsOf(manifest, largestBytes)) {
        if (!turns.hasRoom) break;
        turns.add(() => origin.fetchAhead(blobResource(route, name, digest), ask));
      }
    },
  };
}

const descriptor = z.object({ digest: z.string(), size: z.number(), urls: z.array(z.string()).optional() });
const imageManifest = z.object({ config: descriptor.optional(), layers: z.array(descriptor) });

/** The config first, then the layers in their order, each once. What lies elsewhere (`urls`) is for the client to fetch. */
export function blobsOf(manifest: Uint8Array, largestBytes: number): readonly Digest[] {
  const image = imageManifest.safeParse(parsedJson(new TextDecoder().decode(manifest))).data;
  if (image === undefined) return [];
  const all = new Set<Digest>();
  for (const { digest, size, urls } of [...(image.config ? [image.config] : []), ...image.layers]) {
    const read = readDigest(digest);
    if (read !== null && size <= largestBytes && (urls === undefined || urls.length === 0)) all.add(read);
  }
  return [...all];
}
