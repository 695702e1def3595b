/** Who asks, by the API. */
import { z } from 'zod';
import { administers } from './administers.ts';
import { endpoint } from './endpoint.ts';

export const ownAccount = z.object({
  /** `user:alice`, `machine:acme/ui`. */
  name: z.string(),
  /** What the token is called where it is listed. */
  token: z.string().nullable(),
  /** He may see and do everything. */
  administers: z.boolean(),
});

export const whoamiEndpoints = [
  endpoint({
    method: 'GET',
    path: '/whoami',
    audience: 'account',
    summary: 'Whose token this is, and whether it administers the network.',
    input: null,
    output: ownAccount,
    async run({ identity }) {
      if (identity === null) return { name: 'operator', token: null, administers: true };
      return { name: identity.name, token: identity.token, administers: administers(identity) };
    },
  }),
];
