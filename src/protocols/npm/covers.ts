/**
 * What is kept of a URL of this protocol. A package's address stands for all that is made of the package's one document
 * at the upstream; its tarballs, which never change, have addresses of their own.
 */
import type { Mount } from '../../protocol.ts';
import type { Selector } from '../../purge.ts';
import { type Item, keyOf } from './key.ts';
import { readPath } from './path.ts';

export function coverer({ route, prefix }: Mount): (target: string) => readonly Selector[] {
  const key = (item: Item): Selector => ({ by: 'key', key: keyOf(route, item) });

  return (target) => {
    const [path = ''] = target.slice(prefix.length).split('?', 1);
    const wanted = readPath(path);
    switch (wanted.kind) {
      case 'packument': {
        const { name } = wanted;
        const manifests = keyOf(route, { kind: 'manifest', name, version: '' });
        return [
          key({ kind: 'packument', form: 'full', name }),
          key({ kind: 'packument', form: 'abbreviated', name }),
          key({ kind: 'index', name }),
          key({ kind: 'choices', name }),
          key({ kind: 'dist-tags', name }),
          key({ kind: 'known', name }),
          { by: 'prefix', prefix: manifests },
        ];
      }
      case 'dist-tags':
      case 'known':
        return [key({ kind: wanted.kind, name: wanted.name })];
      case 'manifest':
      case 'tarball':
      case 'attestations':
        return [key(wanted)];
      case 'keys':
        return [key({ kind: 'keys' })];
      default:
        return [];
    }
  };
}
