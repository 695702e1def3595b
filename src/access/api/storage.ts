/** What an origin keeps for good, and how much of its quotas is used. */
import { MeridianError } from '../../errors.ts';
import { endpoint } from './endpoint.ts';
import { packagesWanted, storageOverview, storagePackages } from './storage-message.ts';

export const storageEndpoints = [
  endpoint({
    method: 'GET',
    path: '/storage',
    audience: 'admin',
    summary:
      'What the origin keeps: packages, versions and bytes for each route and scope, with quotas; blobs; disks; what the last collection freed.',
    input: null,
    output: storageOverview,
    run: ({ storage }) => storage.overview(),
  }),
  endpoint({
    method: 'GET',
    path: '/storage/packages',
    audience: 'admin',
    summary:
      'Versions and bytes of each package of a route (`?route=npm&kept=hosted`), in no particular order; further pages with `after`.',
    input: null,
    output: storagePackages,
    async run({ storage, query }) {
      const wanted = packagesWanted.safeParse({
        route: query.get('route') ?? 'npm',
        kept: query.get('kept') ?? 'hosted',
        after: query.get('after') ?? undefined,
      });
      if (wanted.success) return storage.packages(wanted.data);
      throw new MeridianError('request-malformed', '`kept` is hosted or mirrored');
    },
  }),
];
