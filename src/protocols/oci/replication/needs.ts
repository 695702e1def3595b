/** What a client asks for who pulls one image, for nodes that are told to have it. */
import type { Needs, NeedsGiven } from '../../../foresight.ts';
import type { Wanted } from '../../../protocol.ts';
import { treeOf } from './tree.ts';

/** @param base path of the API: `/v2`. */
export async function needs(
  base: string,
  { name, version }: Wanted,
  { platforms, read }: NeedsGiven,
): Promise<Needs> {
  const at = `${base}/${name}`;
  const about = `${at}/manifests/${version}`;
  const nothing = { items: [], about, isSeen: true };
  if (!/^[\w.:/@-]+$/.test(about)) return { ...nothing, about: null, lacks: null };
  const tree = await treeOf({ at, tag: version, platforms, read });
  switch (tree.is) {
    case 'there':
      return { ...nothing, items: tree.items, lacks: tree.lacks ?? withoutPlatform(tree.items, platforms) };
    case 'gone':
      return { ...nothing, lacks: null };
    default:
      return { ...nothing, lacks: tree.why };
  }
}

/** The two names of an index, and nothing of what it is made of. */
function withoutPlatform({ length }: Needs['items'], platforms: NeedsGiven['platforms']): string | null {
  return platforms.length > 0 && length === 2 ? `it has nothing for ${platforms.join(', ')}` : null;
}
