/** All endpoints of the API. */
import { z } from 'zod';
import { auditEndpoints } from './audit.ts';
import { cacheEndpoints } from './cache.ts';
import { clientEndpoints } from './clients.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { fleetEndpoints } from './fleet.ts';
import { forNodes } from './for-nodes.ts';
import { identityTokenEndpoints } from './identity-tokens.ts';
import { openApi } from './openapi.ts';
import { ownEndpoints } from './own.ts';
import { packageEndpoints } from './packages.ts';
import { peopleEndpoints } from './people.ts';
import { policyEndpoints } from './policy.ts';
import { prefetchEndpoints } from './prefetch.ts';
import { replicationEndpoints } from './replication.ts';
import { routeEndpoints } from './routes.ts';
import { storageEndpoints } from './storage.ts';
import { tokenEndpoints } from './tokens.ts';
import { topEndpoints } from './top.ts';
import { whoamiEndpoints } from './whoami.ts';
import { workEndpoints } from './work.ts';

const described: readonly Endpoint[] = [
  ...tokenEndpoints,
  ...peopleEndpoints,
  ...auditEndpoints,
  ...identityTokenEndpoints,
  ...routeEndpoints,
  ...policyEndpoints,
  ...storageEndpoints,
  ...fleetEndpoints,
  ...topEndpoints,
  ...whoamiEndpoints,
  ...ownEndpoints,
  ...cacheEndpoints,
  ...replicationEndpoints,
  ...prefetchEndpoints,
  ...packageEndpoints,
  ...clientEndpoints,
];

export const apiBase = '/.meridian/v1';

export const endpoints: readonly Endpoint[] = [
  ...described,
  ...forNodes,
  ...workEndpoints,
  endpoint({
    method: 'GET',
    path: '/openapi.json',
    audience: 'anybody',
    summary: 'This description.',
    input: null,
    output: z.unknown(),
    run: async () => openApi(described, apiBase),
  }),
];
