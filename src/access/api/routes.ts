/** The routes of the network, by the API. */
import { z } from 'zod';
import { shownRoute } from '../../messages/route.ts';
import { endpoint } from './endpoint.ts';

export const routeEndpoints = [
  endpoint({
    method: 'GET',
    path: '/routes',
    audience: 'account',
    summary: 'The routes of the network, in the order in which they are tried.',
    input: null,
    output: z.array(shownRoute),
    run: async ({ routes }) => [...routes],
  }),
];
