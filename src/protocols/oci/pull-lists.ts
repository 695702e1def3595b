/** Lists that an upstream registry makes: of tags, and of what refers to a manifest. */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { parsedJson } from '../../http/json.ts';
import type { Ask } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { ownCacheControl } from '../kept-for.ts';
import { documentAnswer, wholeOf } from './answers.ts';
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
  const query = nextQuery(link);
  return query === null ? null : `</v2/${name}/tags/list${query}>; rel="next"`;
}

/** The query of the next page, with its question mark; `null`: this is the last one. */
function nextQuery(link: string | null): string | null {
  const [, target = ''] = /<([^<>]*)>\s*;[^,<]*\brel="?next"?/i.exec(link ?? '') ?? [];
  return target === '' ? null : (URL.parse(target, 'http://upstream.invalid')?.search ?? null);
}

/** Pages of referrers that are made into one answer, `longestList` bytes and a page at most. Where there are more, it has the first of them. */
const mostPages = 100;

/** By the API; from a registry without, by the tag that clients then use (§ Referrers Tag Schema). */
export async function pullReferrers(
  oci: OciOrigin,
  { name, digest, query }: ReferrersItem,
  place: Place,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const get = (path: string) => {
    const headers = new Headers({ accept: indexType, 'accept-encoding': 'identity' });
    return askUpstream(place, { method: 'GET', path, headers, signal: ask.signal }, origin, oci.tokens);
  };
  const type = new URLSearchParams(query).get('artifactType');
  const filter = type === null ? '' : `?${new URLSearchParams({ artifactType: type })}`;
  const what = `the referrers of ${digest}`;
  const byApi = await get(`referrers/${digest}${filter}`);
  if (byApi.status === 200) {
    const first = await wholeOf(byApi, longestList, what);
    let next = nextQuery(byApi.headers.get('link'));
    if (next === null) return indexAnswer(first, type, oci);
    const referrers = referrersIn(first, what);
    let bytes = first.byteLength;
    for (let pages = 1; next !== null && pages < mostPages && bytes < longestList; pages++) {
      const page = await get(`referrers/${digest}${next}`);
      if (page.status !== 200) return passError(page, 'MANIFEST_UNKNOWN', name);
      const more = await wholeOf(page, longestList, what);
      bytes += more.byteLength;
      for (const referrer of referrersIn(more, what)) referrers.push(referrer);
      next = nextQuery(page.headers.get('link'));
    }
    return indexAnswer(indexOf(referrers), type, oci);
  }
  if (!withoutReferrers.has(byApi.status)) return passError(byApi, 'MANIFEST_UNKNOWN', name);
  await discard(byApi);
  const byTag = await get(`manifests/${digest.replace(':', '-')}`);
  if (byTag.status === 200) return indexAnswer(await wholeOf(byTag, longestList, what), type, oci);
  if (byTag.status !== 404) return passError(byTag, 'MANIFEST_UNKNOWN', name);
  await discard(byTag);
  return indexAnswer(indexOf([]), type, oci);
}

/** By which a registry says that it has no such API. */
const withoutReferrers: ReadonlySet<number> = new Set([400, 404, 405]);

const index = z.object({ manifests: z.array(z.unknown()) });

function referrersIn(bytes: Uint8Array, what: string): unknown[] {
  const { data } = index.safeParse(parsedJson(new TextDecoder().decode(bytes)));
  if (data === undefined) throw new MeridianError('upstream-invalid', `A page of ${what} is no index.`);
  return data.manifests;
}

function indexOf(manifests: readonly unknown[]): Uint8Array<ArrayBuffer> {
  return json({ schemaVersion: 2, mediaType: indexType, manifests });
}

const referrer = z.looseObject({ artifactType: z.string().optional() });

/** @param type only these; `null`: all. Whether the upstream has left the others out is not asked. */
function indexAnswer(bytes: Uint8Array<ArrayBuffer>, type: string | null, { metadata }: OciOrigin): Answer {
  if (type === null) return documentAnswer(indexType, bytes, ownCacheControl(metadata));
  const all = referrersIn(bytes, 'referrers');
  const wanted = all.filter((each) => referrer.safeParse(each).data?.artifactType === type);
  const answer = documentAnswer(indexType, indexOf(wanted), ownCacheControl(metadata));
  answer.headers.set('oci-filters-applied', 'artifactType');
  return answer;
}

function json(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
