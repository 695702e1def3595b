/**
 * What a package's new document makes outdated: exactly that which is made of it and is now another, as far as it is remembered what it
 * was before (`outlines.ts`); else all that is made of it. Tarballs and attestations are documents of their own. All of it softly:
 * what is the same as before is confirmed at the price of a question.
 */
import type { Answer, Entry } from '../../entry.ts';
import type { Change } from '../../protocol.ts';
import type { Selector } from '../../purge.ts';
import type { Resource } from '../../resource.ts';
import { sourceField } from '../rendered.ts';
import { policyField } from './canonical.ts';
import { type Item, itemOf, keyOf } from './key.ts';
import { manifestsTag } from './name.ts';
import type { Difference, Outlines } from './outlines.ts';
import { originalOf } from './source.ts';

/** Manifests that are named one by one. Beyond it, one tag stands for all of the package. */
const maxNamed = 100;

export function changer(
  route: string,
  outlines: Pick<Outlines, 'between'>,
): (named: Resource, before: Entry, after: Answer) => Change | null {
  const key = (item: Item): Selector => ({ by: 'key', key: keyOf(route, item) });

  function madeOf(name: string, difference: Difference | null): readonly Selector[] {
    const full = key({ kind: 'packument', form: 'full', name });
    const abbreviated = key({ kind: 'packument', form: 'abbreviated', name });
    const index = key({ kind: 'index', name });
    const tags = key({ kind: 'dist-tags', name });
    const all = { by: 'tag', tag: manifestsTag(name) } as const;
    if (difference === null) return [full, abbreviated, index, tags, all];
    const { manifests } = difference;
    return [
      full,
      ...(difference.abbreviated ? [abbreviated] : []),
      ...(difference.index ? [index] : []),
      ...(difference.tags ? [tags] : []),
      ...(manifests.length > maxNamed
        ? [all]
        : manifests.map((version) => key({ kind: 'manifest', name, version }))),
    ];
  }

  return (named, before, { status, headers }) => {
    const item = itemOf(named.key);
    if (item === null || before.status !== 200) return null;
    if (headers.has(policyField)) {
      const selectors = item.kind === 'packument' ? madeOf(item.name, null) : [key(item)];
      return { selectors, soft: true, seen: named.key };
    }
    if (status === 404 || status === 410) return { selectors: [key(item)], soft: false, seen: named.key };
    // Entity tags are digests of what is in the documents here, or the registry's own.
    const etag = headers.get('etag');
    if (status !== 200 || etag === null || before.etag === null || before.etag === etag) return null;
    switch (item.kind) {
      case 'packument':
      case 'index': {
        const { name } = item;
        const was = originalOf(before.fields.find(([field]) => field === sourceField)?.[1]);
        const is = originalOf(headers.get(sourceField));
        const difference = was === null || is === null ? null : outlines.between(name, was, is);
        return { selectors: madeOf(name, difference), soft: true, seen: named.key };
      }
      case 'tarball':
        return null; // It never changes; another one in its place is refused by its digest.
      case 'choices':
        return null; // Nobody but the origin has them, and they are made anew along with the document.
      default:
        return { selectors: [key(item)], soft: true, seen: named.key };
    }
  };
}
