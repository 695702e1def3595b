/** Packages that there are, by the API: whoever asks learns of those that he may read, and of no others. */
import { MeridianError } from '../../errors.ts';
import { endpoint } from './endpoint.ts';
import { packageList, packagePage, packageReadme, packagesWanted } from './packages-message.ts';
import { numberIn } from './query.ts';

const defaultLimit = 25;

export const packageEndpoints = [
  endpoint({
    method: 'GET',
    path: '/packages',
    audience: 'account',
    summary:
      'Packages that live here or are kept of other registries: `?route=`, `?text=` words that have to be found, `?kind=` hosted, cached or all, `?limit=` 1 to 100; further pages with `?cursor=`.',
    input: null,
    output: packageList,
    async run({ packages, query, identity }) {
      const wanted = packagesWanted.safeParse({
        route: query.get('route') ?? undefined,
        text: query.get('text') ?? '',
        kind: query.get('kind') ?? 'all',
        limit: numberIn(query, 'limit') ?? defaultLimit,
        cursor: query.get('cursor') ?? undefined,
      });
      if (wanted.success) return packages.search(wanted.data, identity);
      const [issue] = wanted.error.issues;
      throw new MeridianError('request-malformed', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
    },
  }),
  endpoint({
    method: 'GET',
    path: '/packages/:route/:name',
    audience: 'account',
    summary:
      'One package (`/packages/npm/@acme%2Fui`): versions, what the policy says of them, sizes, where they are kept, who has downloaded it. One that nobody has asked for yet is asked of its upstream, as an install would.',
    input: null,
    output: packagePage,
    run: ({ packages, names, identity }) =>
      packages.describe(names['route'] ?? '', names['name'] ?? '', identity),
  }),
  endpoint({
    method: 'GET',
    path: '/packages/:route/:name/readme',
    audience: 'account',
    summary: 'All of what a package says of itself: Markdown, and nothing to trust; `null` without any.',
    input: null,
    output: packageReadme,
    run: async ({ packages, names, identity }) => ({
      text: await packages.readme(names['route'] ?? '', names['name'] ?? '', identity),
    }),
  }),
];
