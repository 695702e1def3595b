/** Packages that there are, by the API: whoever asks learns of those that he may read, and of no others. */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import { endpoint } from './endpoint.ts';
import {
  artifactPage,
  packageList,
  packagePage,
  packageReadme,
  packagesWanted,
  versionPage,
} from './packages-message.ts';
import { numberIn } from './query.ts';

const defaultLimit = 25;
const removed = z.object({});

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
  endpoint({
    method: 'GET',
    path: '/packages/:route/:name/versions',
    audience: 'account',
    summary: 'Versions of a package, the newest first, a thousand at a time; further pages with `?cursor=`.',
    input: null,
    output: versionPage,
    run: ({ packages, names, query, identity }) =>
      packages.versions(names['route'] ?? '', names['name'] ?? '', query.get('cursor'), identity),
  }),
  endpoint({
    method: 'GET',
    path: '/packages/:route/:name/versions/:version',
    audience: 'account',
    summary:
      'What one version is made of, by tag or digest (`/packages/oci/acme%2Fapp/versions/v1`): platforms, config, layers, sizes, what refers to it. Of what is cached, nothing is fetched for that.',
    input: null,
    output: artifactPage,
    run: ({ packages, names, identity }) =>
      packages.artifact(names['route'] ?? '', names['name'] ?? '', names['version'] ?? '', identity),
  }),
  endpoint({
    method: 'DELETE',
    path: '/packages/:route/:name',
    audience: 'account',
    summary: 'Takes away all of a repository that lives here. Needs the right to `delete` it.',
    input: null,
    output: removed,
    run: async ({ packages, names, identity, actor }) => {
      const { route = '', name = '' } = names;
      await packages.remove({ route, name, version: null }, identity, actor);
      return {};
    },
  }),
  endpoint({
    method: 'DELETE',
    path: '/packages/:route/:name/versions/:version',
    audience: 'account',
    summary:
      'Takes away a tag, or, by its digest, a manifest with all its tags. Needs the right to `delete`.',
    input: null,
    output: removed,
    run: async ({ packages, names, identity, actor }) => {
      const { route = '', name = '', version = '' } = names;
      await packages.remove({ route, name, version }, identity, actor);
      return {};
    },
  }),
];
