/** What caches keep of an address: what a purge by it is about. */
import type { Mount } from '../../protocol.ts';
import type { Selector } from '../../purge.ts';
import { keyOf } from './key.ts';
import { below, readPath } from './path.ts';
import type { Sources } from './sources.ts';
import { referrersTag, tagsTag } from './tags.ts';

export function covers({ route, prefix }: Mount, sources: Sources, target: string): readonly Selector[] {
  const [path = '', query = ''] = target.split('?', 2);
  const rest = below({ prefix }, path);
  const wanted = rest === null ? null : readPath(rest);
  if (wanted === null || !('name' in wanted)) return [];
  const name = sources.fullName(wanted.name, new URLSearchParams(query).get('ns'));
  if (name === null) return [];
  switch (wanted.kind) {
    case 'manifest':
      return [
        {
          by: 'key',
          key:
            'tag' in wanted.reference
              ? keyOf(route, { kind: 'tag', name, tag: wanted.reference.tag })
              : keyOf(route, { kind: 'manifest', name, digest: wanted.reference.digest }),
        },
      ];
    case 'blob':
      return [{ by: 'key', key: keyOf(route, { kind: 'blob', name, digest: wanted.digest }) }];
    case 'referrers':
      return [{ by: 'tag', tag: referrersTag(name, wanted.digest) }];
    case 'tags':
      return [{ by: 'tag', tag: tagsTag(name) }];
    default:
      return [];
  }
}
