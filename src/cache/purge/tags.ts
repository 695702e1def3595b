/**
 * The tags that a response bears: those that its protocol gave the resource, and those that it names itself.
 *
 *     Cache-Tag: news, front page          separated by commas (Cloudflare, Akamai)
 *     Surrogate-Key: news front-page       separated by spaces (Fastly)
 *     Cache-Groups: "news", "front"        RFC 9875: holds for its route, which has one upstream, hence one origin
 */
import { parseList } from 'structured-headers';

/** Tags of one entry, and UTF-16 code units of one. Beyond either, what a response names is left out. RFC 9875 §2 asks for 32 of 32. */
const maxTags = 128;
const maxTagLength = 256;

export function tagsOf(own: readonly string[], route: string, headers: Headers): readonly string[] {
  const cacheTag = headers.get('cache-tag');
  const surrogateKey = headers.get('surrogate-key');
  const groups = headers.get('cache-groups');
  if (cacheTag === null && surrogateKey === null && groups === null) return own;
  const tags = new Set(own);
  const named = [
    ...(cacheTag ?? '').split(',').map((tag) => tag.trim()),
    ...(surrogateKey ?? '').split(/\s+/),
    ...groupsIn(groups).map((group) => groupTag(route, group)),
  ];
  for (const tag of named) {
    if (tags.size >= maxTags) break;
    if (tag !== '' && tag.length <= maxTagLength) tags.add(tag);
  }
  return [...tags];
}

/** What the answer to an unsafe request says has changed with it (RFC 9875 §3). */
export function groupsToInvalidate(headers: Headers): readonly string[] {
  return groupsIn(headers.get('cache-group-invalidation')).slice(0, maxTags);
}

/** How a group is kept among the tags. No tag of a response has a line break in it. */
export function groupTag(route: string, group: string): string {
  return `group\n${route}\n${group}`;
}

/** A list of strings; a field that is anything else counts as absent (RFC 9875 §2). */
function groupsIn(value: string | null): string[] {
  if (value === null) return [];
  try {
    const members = parseList(value).map(([member]) => member);
    return members.every((member) => typeof member === 'string') ? members : [];
  } catch {
    return []; // Not a list (RFC 9651 §4.2: the whole field is ignored).
  }
}
