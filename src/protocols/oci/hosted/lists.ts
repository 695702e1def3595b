/** Lists of a repository that lives here, in pages: its tags, and what refers to a manifest (OCI Distribution Specification 1.1, Content Discovery). */
import type { Answer, Entry } from '../../../entry.ts';
import type { OriginDoor } from '../../../protocol.ts';
import { documentLimits } from '../../../store.ts';
import { ownCacheControl } from '../../kept-for.ts';
import { confirmed, documentAnswer } from '../answers.ts';
import { type Digest, digestOf, readDigest } from '../digest.ts';
import { errorAnswer } from '../errors.ts';
import { indexType } from '../media.ts';
import { storesOf } from './claims.ts';
import type { Home } from './home.ts';
import {
  isRepository,
  type Referrer,
  referrer,
  referrersPrefix,
  tagKey,
  tagsPrefix,
  type Where,
} from './record.ts';

/** Of referrers: what a client reads as a manifest is no longer than one. */
const longestPage = 4 * 2 ** 20;
const referrersAtOnce = 100;
const mostReferrers = 1000;
/** Looked at for one page, of which a filter may leave out any number: a page may be short, or empty, and have one after it. */
const mostLookedAt = 5000;

/** By code points. @param parameters `n` and `last`. */
export async function serveTags(
  home: Home,
  at: Where,
  parameters: URLSearchParams,
  stored: Entry | null,
  origin: OriginDoor,
): Promise<Answer> {
  const { metadata } = storesOf(origin);
  if (!(await isRepository(metadata, at)))
    return errorAnswer(404, 'NAME_UNKNOWN', `There is no repository ${at.name}.`);
  const n = parameters.get('n');
  const limit = Math.min(n === null ? documentLimits.page : Number(n), documentLimits.page);
  const last = parameters.get('last');
  const from = { ...(last !== null && { after: tagKey(at, last) }) };
  const found = limit === 0 ? [] : await metadata.scan(tagsPrefix(at), { limit, ...from });
  const tags = found.map(({ key }) => key.at(-1) ?? '');
  const answer = listed(home, 'application/json', { name: at.name, tags }, stored);
  const end = tags.at(-1);
  const isMore =
    end !== undefined &&
    tags.length === limit &&
    (await metadata.scan(tagsPrefix(at), { limit: 1, after: tagKey(at, end) })).length > 0;
  if (isMore) {
    const next = new URLSearchParams({ n: String(limit), last: end });
    answer.headers.set('link', `<${home.base}/${at.name}/tags/list?${next}>; rel="next"`);
  }
  return answer;
}

/** Of a manifest that there may not be, too. @param parameters `artifactType`, and `last` of the page before. */
export async function serveReferrers(
  home: Home,
  at: Where,
  subject: Digest,
  parameters: URLSearchParams,
  stored: Entry | null,
  origin: OriginDoor,
): Promise<Answer> {
  const { metadata } = storesOf(origin);
  const wanted = parameters.get('artifactType');
  const manifests: Referrer[] = [];
  const prefix = referrersPrefix(at, subject);
  let after = readDigest(parameters.get('last') ?? '');
  let isMore = true;
  let bytes = 0;
  for (let seen = 0; isMore && seen < mostLookedAt; seen += referrersAtOnce) {
    if (bytes >= longestPage || manifests.length >= mostReferrers) break;
    const from = { ...(after !== null && { after: [...prefix, after] }) };
    const page = await metadata.scan(prefix, { limit: referrersAtOnce, ...from });
    isMore = page.length === referrersAtOnce;
    for (const { key, value } of page) {
      const found = referrer.parse(value);
      const size = Buffer.byteLength(JSON.stringify(found));
      if (bytes > 0 && bytes + size > longestPage) {
        isMore = true;
        bytes = longestPage;
        break;
      }
      after = readDigest(key.at(-1) ?? '');
      if (wanted !== null && found.artifactType !== wanted) continue;
      manifests.push(found);
      bytes += size;
    }
  }
  const index = { schemaVersion: 2, mediaType: indexType, manifests };
  const answer = listed(home, indexType, index, stored);
  if (wanted !== null) answer.headers.set('oci-filters-applied', 'artifactType');
  if (isMore && after !== null) {
    const next = new URLSearchParams({ ...(wanted !== null && { artifactType: wanted }), last: after });
    answer.headers.set('link', `<${home.base}/${at.name}/referrers/${subject}?${next}>; rel="next"`);
  }
  return answer;
}

function listed({ metadata }: Home, contentType: string, value: unknown, stored: Entry | null): Answer {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const cacheControl = ownCacheControl(metadata);
  return confirmed(digestOf(bytes), stored, cacheControl) ?? documentAnswer(contentType, bytes, cacheControl);
}
