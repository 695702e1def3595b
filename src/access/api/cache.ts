/** What the nodes of the network keep, by the API: a look-up at all of them, purges, what is hot, and what has gone. */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import { hotObject, placedEviction } from '../../messages/cached.ts';
import { explainOrder, networkExplanation } from '../../messages/explanation.ts';
import { purgeIssued, purgeOrder, purgeState } from '../../messages/purge-state.ts';
import { endpoint } from './endpoint.ts';
import { numberIn } from './query.ts';

export const cacheEndpoints = [
  endpoint({
    method: 'POST',
    path: '/explain',
    audience: 'admin',
    summary:
      'What would become of a request at each node of the network, found out by looking alone: route, key, freshness, tags, which member of a ring owns it, and why. No body is read, and no parent asked.',
    input: explainOrder,
    output: networkExplanation,
    run: ({ explainer, input }) => explainer.explain(input),
  }),
  endpoint({
    method: 'POST',
    path: '/purges',
    audience: 'admin',
    summary:
      'Purges the whole network: by URL, key, prefix, glob, tag, group, route, or everything; all targets or none. Answers once it is on the bus; `/purges/{log}/{sequence}` tells how far it has come.',
    input: purgeOrder,
    output: purgeIssued,
    run: ({ purges, input, actor }) => purges.order(input, actor),
  }),
  endpoint({
    method: 'GET',
    path: '/purges',
    audience: 'admin',
    summary:
      'The last 200 purges that the bus remembers, whoever issued them, the newest first: what, when, by whom, and how long until all nodes had it. `?limit=`.',
    input: null,
    output: z.array(purgeState),
    async run({ purges, query }) {
      return [...purges.recent()].slice(0, numberIn(query, 'limit') ?? undefined);
    },
  }),
  endpoint({
    method: 'GET',
    path: '/purges/:log/:sequence',
    audience: 'admin',
    summary: 'One of them: which nodes have carried it out, and after how long.',
    input: null,
    output: purgeState,
    async run({ purges, names }) {
      const { log = '', sequence = '' } = names;
      const found = /^\d{1,15}$/.test(sequence)
        ? await purges.find({ log, sequence: Number(sequence) })
        : null;
      if (found !== null) return found;
      throw new MeridianError('no-such-record', `no purge ${log}/${sequence} is among the last ones`);
    },
  }),
  endpoint({
    method: 'GET',
    path: '/hot',
    audience: 'admin',
    summary:
      'What the nodes are asked for most, as they said in the last ten seconds: with a rate where members of a ring count it, else by how often memory has used it.',
    input: null,
    output: z.array(hotObject),
    run: async ({ fleet }) => [...fleet.hot()],
  }),
  endpoint({
    method: 'GET',
    path: '/evictions',
    audience: 'admin',
    summary:
      'What has gone from memory and disk of each node last, and why, the newest first; no more than twenty of a process.',
    input: null,
    output: z.array(placedEviction),
    run: async ({ fleet }) => [...fleet.evictions()],
  }),
];
