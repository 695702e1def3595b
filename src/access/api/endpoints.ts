/** All endpoints of the API. */
import { auditEndpoints } from './audit.ts';
import type { Endpoint } from './endpoint.ts';
import { forNodes } from './for-nodes.ts';
import { peopleEndpoints } from './people.ts';
import { tokenEndpoints } from './tokens.ts';

export const endpoints: readonly Endpoint[] = [
  ...tokenEndpoints,
  ...peopleEndpoints,
  ...auditEndpoints,
  ...forNodes,
];
