/**
 * What a repository is and holds. Clients are told nothing of Xet, so that they download plainly, which caches understand; and links from page to page lead
 * to this route.
 */
import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { ownAnswer } from '../registry/answers.ts';
import { pullIndex } from '../registry/document.ts';
import type { Pulling } from '../registry/ecosystem.ts';
import { type Item, placeholder } from '../registry/ecosystem.ts';
import type { Source } from '../registry/sources.ts';
import type { Address } from './address.ts';
import { jsonIn } from './json.ts';
import { infoIn, judge, type Sharing } from './repository.ts';
import { asksForOurs, withoutOurs } from './search.ts';
import { HubRefusal, refusalOf } from './words.ts';

/** To be raised when the same bytes lead to another document. */
const revision = 2;

export async function pullDocument(
  item: Item,
  address: Address,
  at: Pulling,
  sharing: Sharing,
): Promise<Answer> {
  const sources = sourcesFor(item, at);
  const { livesHere } = at.registry;
  const isSearch = address.at === 'search';
  if (isSearch && asksForOurs(item.path, livesHere)) return ownAnswer(200, 'application/json', '[]');
  return pullIndex(
    item,
    {
      ...{ path: `/${item.path}`, accept: 'application/json', revision, sources },
      refused: (found, source) =>
        refusalOf(found, item.name ?? item.path, { isAnonymous: source.remote.authorization === undefined }),
      derive(bytes, { headers, source }) {
        const plain = withoutXet(bytes, item);
        const body = isSearch ? withoutOurs(plain, item.path, livesHere) : plain;
        if (address.at === 'info' && isPlain(item)) {
          const refusal = judge(item, address.repo, infoIn(bytes, address.repo), at, sharing);
          if (refusal !== null) throw new HubRefusal(refusal);
        }
        const next = nextPage(headers.get('link'), source);
        return { body, type: 'application/json', ...(next !== null && { fields: { link: next } }) };
      },
    },
    at,
  );
}

/** Searches see what everybody sees. */
function sourcesFor({ name }: Item, { registry }: Pulling): readonly Source[] {
  const sources = registry.sources.of(name);
  return name === null ? sources.map((source) => withCredential(source, undefined)) : sources;
}

export function withCredential(source: Source, authorization: string | undefined): Source {
  return { ...source, remote: { url: source.remote.url, authorization } };
}

function isPlain({ path }: Item): boolean {
  return !path.includes('?');
}

const anything = z.union([z.array(z.record(z.string(), z.unknown())), z.record(z.string(), z.unknown())]);

/** @throws `upstream-invalid` for what is no JSON, or neither an object nor a list of objects. */
export function withoutXet(bytes: Uint8Array, { path }: Pick<Item, 'path'>): string {
  const read = jsonIn(
    anything,
    bytes,
    (cause) =>
      new MeridianError('upstream-invalid', `What the upstream answers for ${path} cannot be read.`, {
        cause,
      }),
  );
  return JSON.stringify(read, (key, value: unknown) =>
    key === 'xetHash' || key === 'xetEnabled' ? undefined : value,
  );
}

/** `Link` to the next page, as an address of this route. @param base what addresses begin with; absent: what a PoP replaces. */
export function nextPage(
  link: string | null,
  { url }: Pick<Source, 'url'>,
  base: string = placeholder,
): string | null {
  const [, target = ''] = /<([^<>]{1,2000})>\s{0,9};\s{0,9}rel="?next"?/i.exec(link ?? '') ?? [];
  if (target === '') return null;
  const to = URL.parse(target, `${url}/`);
  const own = new URL(`${url}/`);
  if (to === null || to.origin !== own.origin || !to.pathname.startsWith(own.pathname)) return null;
  return `<${base}/${to.pathname.slice(own.pathname.length)}${to.search}>; rel="next"`;
}
