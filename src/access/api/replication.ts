/** What nodes have been told to have ahead of time, by the API. */
import { z } from 'zod';
import { replicationState } from '../../messages/replication.ts';
import { endpoint } from './endpoint.ts';

export const replicationEndpoints = [
  endpoint({
    method: 'GET',
    path: '/replication',
    audience: 'admin',
    summary:
      'What PoPs and shields have been told to have before anybody asks for it, by repository, and how far each is: wanted, present, missing, and what went wrong last.',
    input: null,
    output: z.array(replicationState),
    run: async ({ replication }) => [...replication.state()],
  }),
];
