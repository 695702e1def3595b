/** What can be purged, in the words of the API and of the command. */
import type { PurgeState, PurgeTarget } from '../../data/api.ts';

export interface Kind {
  readonly by: string;
  readonly title: string;
  /** Of the field; `null`: there is nothing to say. */
  readonly field: string | null;
  readonly note: string;
  /** Every space of it counts. */
  readonly isExact?: boolean;
}

export const kinds: readonly Kind[] = [
  {
    by: 'url',
    title: 'An address',
    field: 'Address',
    note: 'As clients use it, with everything that is kept of it. On web routes * stands for any text.',
  },
  {
    by: 'tag',
    title: 'A tag',
    field: 'Tag',
    note: 'What bears it, such as npm:left-pad. * stands for any text.',
  },
  {
    by: 'key',
    title: 'A key',
    isExact: true,
    field: 'Key',
    note: 'As “Look up” shows it, with all variants.',
  },
  {
    by: 'prefix',
    title: 'A prefix of keys',
    isExact: true,
    field: 'Prefix',
    note: 'All keys that begin with this text.',
  },
  { by: 'glob', title: 'A pattern of keys', isExact: true, field: 'Pattern', note: '* stands for any text.' },
  { by: 'route', title: 'A route', field: 'Route', note: 'All that is kept of it.' },
  {
    by: 'group',
    title: 'A group of a route',
    field: 'Group',
    note: 'What of the route has named this group in Cache-Groups.',
  },
  { by: 'all', title: 'Everything', field: null, note: 'All that every node keeps, of all routes.' },
];

/** @param route of a group. */
export function targetOf(by: string, what: string, route: string): PurgeTarget {
  switch (by) {
    case 'key':
      return { by, key: what };
    case 'prefix':
      return { by, prefix: what };
    case 'glob':
      return { by, glob: what };
    case 'tag':
      return what.includes('*') ? { by: 'tag-glob', glob: what } : { by, tag: what };
    case 'route':
      return { by, route: what };
    case 'group':
      return { by, route, group: what };
    case 'all':
      return { by };
    default:
      return { by: 'url', url: what };
  }
}

/** `tag npm:left-pad`. */
export function inWords(selector: PurgeState['selectors'][number]): string {
  const { by, ...rest } = selector;
  return by === 'all' ? 'everything' : `${by} ${Object.values(rest).join(' ')}`;
}
