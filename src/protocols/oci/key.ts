/**
 * Cache keys of this protocol, written and read. The full name of a repository begins with its source, and a repository does not see
 * what only another one has, although the same bytes lie on disk once.
 *
 *     <route> tag/<name>:<tag>
 *     <route> manifest/<name>@<digest>
 *     <route> blob/<name>@<digest>
 *     <route> tags/<name>?n=100&last=v1
 *     <route> referrers/<name>@<digest>?artifactType=application%2Fspdx%2Bjson
 */
import type { CacheKey } from '../../resource.ts';
import { type Digest, readDigest } from './digest.ts';

/** What a key of this protocol stands for. */
export type Item = TagItem | ContentItem | ReferrersItem | TagsItem;

export interface TagItem {
  readonly kind: 'tag';
  readonly name: string;
  readonly tag: string;
}

/** What its digest says for good. */
export interface ContentItem {
  readonly kind: 'manifest' | 'blob';
  readonly name: string;
  readonly digest: Digest;
}

/** A page of them, or those of one type. */
export interface ReferrersItem {
  readonly kind: 'referrers';
  readonly name: string;
  readonly digest: Digest;
  readonly query: string;
}

/** A page of them. */
export interface TagsItem {
  readonly kind: 'tags';
  readonly name: string;
  readonly query: string;
}

export function keyOf(route: string, item: Item): CacheKey {
  return `${route} ${item.kind}/${wordOf(item)}` as CacheKey;
}

function wordOf(item: Item): string {
  switch (item.kind) {
    case 'tag':
      return `${item.name}:${item.tag}`;
    case 'tags':
      return item.name + item.query;
    case 'referrers':
      return `${item.name}@${item.digest}${item.query}`;
    default:
      return `${item.name}@${item.digest}`;
  }
}

/** What a key written by `keyOf` stands for; `null` for one that was not. */
export function itemOf(key: CacheKey): Item | null {
  const word = key.slice(key.indexOf(' ') + 1);
  const slash = word.indexOf('/');
  const kind = word.slice(0, slash);
  const rest = word.slice(slash + 1);
  switch (kind) {
    case 'tag': {
      const colon = rest.lastIndexOf(':');
      return { kind, name: rest.slice(0, colon), tag: rest.slice(colon + 1) };
    }
    case 'tags': {
      const [name, query] = withoutQuery(rest);
      return { kind, name, query };
    }
    case 'referrers': {
      const [named, query] = withoutQuery(rest);
      const at = named.indexOf('@');
      const digest = readDigest(named.slice(at + 1));
      return digest === null ? null : { kind, name: named.slice(0, at), digest, query };
    }
    case 'manifest':
    case 'blob': {
      const at = rest.indexOf('@');
      const digest = readDigest(rest.slice(at + 1));
      return digest === null ? null : { kind, name: rest.slice(0, at), digest };
    }
    default:
      return null;
  }
}

function withoutQuery(word: string): readonly [name: string, query: string] {
  const question = word.indexOf('?');
  return question === -1 ? [word, ''] : [word.slice(0, question), word.slice(question)];
}
