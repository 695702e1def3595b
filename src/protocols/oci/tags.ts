/** Surrogate keys of this protocol: what a change of a repository purges. */
import type { Item } from './key.ts';

/** All of a repository. */
export const repositoryTag = (name: string) => `oci:${name}`;
/** Its lists of tags. */
export const tagsTag = (name: string) => `oci-tags:${name}`;
/** Lists of what refers to a manifest. */
export const referrersTag = (name: string, subject: string) => `oci-referrers:${name}@${subject}`;

export function tagsOf(item: Item): readonly string[] {
  const own = repositoryTag(item.name);
  switch (item.kind) {
    case 'tag':
      return [own, `oci:${item.name}:${item.tag}`];
    case 'tags':
      return [own, tagsTag(item.name)];
    case 'referrers':
      return [own, referrersTag(item.name, item.digest)];
    default:
      return [own];
  }
}
