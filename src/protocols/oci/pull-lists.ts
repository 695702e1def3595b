/** Lists that an upstream registry makes: of tags, and of what refers to a manifest. */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { parsedJson } from '../../http/json.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { documentAnswer, wholeOf } from './answers.ts';
import { ownCacheControl } from './cache-control.ts';
import type { ReferrersItem, TagsItem } from './key.ts';
import { indexType } from './media.ts';
import type { OciOrigin } from './origin.ts';
import type { Place } from './sources.ts';
import { ask as askUpstream, discard, passError } from './upstream.ts';

const longestList = 16 * 2 ** 20;

export async function pullTags(
  oci: OciOrigin,
  { name, query }: TagsItem,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const headers = new Headers({ accept: 'application/json', 'accept-encoding': 'identity' });
  const question = { method: 'GET', path: `tags/list${query}`, headers, signal: ask.signal } as const;
  const answer = await askUpstream(place, question, origin, oci.tokens);
  if (answer.status !== 200) return passError(answer, 'NAME_UNKNOWN', name);
  const tags = tagsIn(await wholeOf(answer, longestList, `the tags of ${name}`), name);
  const listed = documentAnswer('application/json', json({ name, tags }), ownCacheControl(oci.metadata));
  const next = nextPage(answer.headers.get('link'), name);
  if (next !== null) listed.headers.set('link', next);
  return listed;
}

/** Old registries say `null` for none. */
const tagList = z.object({ tags: z.array(z.string()).nullish() });

function tagsIn(bytes: Uint8Array, name: string): readonly string[] {
  const { data } = tagList.safeParse(parsedJson(new TextDecoder().decode(bytes)));
  if (data === undefined) throw new MeridianError('upstream-invalid', `The list of tags of ${name} is none.`);
  return data.tags ?? [];
}

/** The upstream's next page, as one of ours: by the full name, which every client understands. */
function nextPage(link: string | null, name: string): string | null {
  const [, target = ''] = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(link ?? '') ?? [];
  const url = target === '' ? null : URL.parse(target, 'http://upstream.invalid');
  return url === null ? null : `</v2/${name}/tags/list${url.search}>; rel="next"`;
}

/** By the API; from a registry without, by the tag that clients then use (§ Referrers Tag Schema). */
export async function pullReferrers(
  oci: OciOrigin,
  { name, digest }: ReferrersItem,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const get = (path: string) => {
    const headers = new Headers({ accept: indexType, 'accept-encoding': 'identity' });
    return askUpstream(place, { method: 'GET', path, headers, signal: ask.signal }, origin, oci.tokens);
  };
  const listed = async (answer: Answer) =>
    indexAnswer(await wholeOf(answer, longestList, `the referrers of ${digest}`), oci);
  const byApi = await get(`referrers/${digest}`);
  if (byApi.status === 200) return listed(byApi);
  if (byApi.status !== 404 && byApi.status !== 400 && byApi.status !== 405)
    return passError(byApi, 'MANIFEST_UNKNOWN', name);
  await discard(byApi);
  const byTag = await get(`manifests/${digest.replace(':', '-')}`);
  if (byTag.status === 200) return listed(byTag);
  if (byTag.status !== 404) return passError(byTag, 'MANIFEST_UNKNOWN', name);
  await discard(byTag);
  return indexAnswer(json({ schemaVersion: 2, mediaType: indexType, manifests: [] }), oci);
}

function indexAnswer(bytes: Uint8Array<ArrayBuffer>, { metadata }: OciOrigin): Answer {
  return documentAnswer(indexType, bytes, ownCacheControl(metadata));
}

function json(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
