/**
 * Whether everybody may know that there is a package of this name: a document of its own, `/-/package/<name>/known`, which says of a
 * restricted package what it says of one that there is not, byte for byte, for as long, and at the same price. PoPs ask for it before they
 * ask for anything of a package on behalf of somebody who has no right to it by name, so that he learns nothing from an answer,
 * from what is in a cache, or from how long it takes.
 */
import type { Answer } from '../../../entry.ts';
import type { Concealed } from '../../../protocol.ts';
import type { Resource } from '../../../resource.ts';
import { cacheControlOf } from '../../kept-for.ts';
import { answerWith, documentOf, errorAnswer } from '../canonical.ts';
import { mediaTypes } from '../form.ts';
import { itemOf } from '../key.ts';
import type { NpmOrigin } from '../origin.ts';
import type { HostedPackage } from './record.ts';

/** @param pkg `null`: nothing of this name lives here. */
export function serveKnown(
  { metadata }: Pick<NpmOrigin, 'metadata'>,
  pkg: Pick<HostedPackage, 'access' | 'latest'> | null,
): Answer {
  if (pkg === null || pkg.latest === null || pkg.access === 'restricted')
    return errorAnswer(404, 'Nothing that everybody may know of');
  const cacheControl = cacheControlOf(metadata, new Headers());
  return answerWith(documentOf('{"public":true}'), { contentType: mediaTypes.full, cacheControl }, null);
}

/**
 * Of names that are claimed by the config. Of others it can be told: a name that there is not is one that other registries are asked
 * about.
 */
export function concealed(
  { hosted, prefix }: Pick<NpmOrigin, 'hosted' | 'prefix'>,
  { key, subject }: Resource,
): Concealed | null {
  if (hosted === null || subject === undefined || !hosted.claims(subject)) return null;
  if (itemOf(key)?.kind === 'known') return null;
  const as = hosted.access === 'restricted' ? 'refused' : 'absent';
  return { target: `${prefix}/-/package/${subject}/known`, as };
}
