/**
 * What a package's new document makes outdated: all that is made of it, and nothing else. Tarballs and attestations are
 * documents of their own. All of it softly: what is the same as before is confirmed at the price of a question.
 */
import type { Answer, Entry } from '../../entry.ts';
import type { Change } from '../../protocol.ts';
import type { Selector } from '../../purge.ts';
import type { Resource } from '../../resource.ts';
import { policyField } from './canonical.ts';
import { type Item, itemOf, keyOf } from './key.ts';
import { manifestsTag } from './name.ts';

export function changer(route: string): (named: Resource, before: Entry, after: Answer) => Change | null {
  const key = (item: Item): Selector => ({ by: 'key', key: keyOf(route, item) });

  /** All that is made of the same document. */
  function madeOf(item: Item): readonly Selector[] {
    if (item.kind !== 'packument') return [key(item)];
    const { name } = item;
    return [
      key({ kind: 'packument', form: 'full', name }),
      key({ kind: 'packument', form: 'abbreviated', name }),
      key({ kind: 'index', name }),
      key({ kind: 'dist-tags', name }),
      { by: 'tag', tag: manifestsTag(name) },
    ];
  }

  return (named, before, { status, headers }) => {
    const item = itemOf(named.key);
    if (item === null || before.status !== 200) return null;
    if (headers.has(policyField)) return { selectors: madeOf(item), soft: true, seen: named.key };
    if (status === 404 || status === 410) return { selectors: [key(item)], soft: false, seen: named.key };
    // Entity tags are digests of what is in the documents here, or the registry's own.
    const etag = headers.get('etag');
    if (status !== 200 || etag === null || before.etag === null || before.etag === etag) return null;
    // A tarball never changes; another one in its place is refused by its digest.
    return item.kind === 'tarball' ? null : { selectors: madeOf(item), soft: true, seen: named.key };
  };
}
