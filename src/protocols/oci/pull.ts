/** At the origin: what a repository of an upstream registry holds. */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import type { Item } from './key.ts';
import type { OciOrigin } from './origin.ts';
import { pullBlob, pullManifest } from './pull-content.ts';
import { pullReferrers, pullTags } from './pull-lists.ts';
import { pullTag } from './pull-tag.ts';
import type { Place } from './sources.ts';

export async function pull(oci: OciOrigin, item: Item, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const place = oci.sources.placeOf(item.name);
  if (place === null)
    throw new MeridianError('internal', 'The OCI protocol was asked for a name that no source has.');
  const answer = await pullItem(oci, item, place, ask, origin);
  // Whoever asks a mirror of many registries hears whose this is.
  if (answer.status === 200) answer.headers.set('oci-namespace', place.source.name);
  return answer;
}

function pullItem(oci: OciOrigin, item: Item, place: Place, ask: Ask, origin: OriginDoor): Promise<Answer> {
  switch (item.kind) {
    case 'tag':
      return pullTag(oci, item, place, ask, origin);
    case 'manifest':
      return pullManifest(oci, item, place, ask, origin);
    case 'blob':
      return pullBlob(oci, item, place, ask, origin);
    case 'tags':
      return pullTags(oci, item, place, ask, origin);
    case 'referrers':
      return pullReferrers(oci, item, place, ask, origin);
  }
}
