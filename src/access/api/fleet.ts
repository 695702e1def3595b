/** What the nodes of the network do, and have done, by the API. */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import { endpoint } from './endpoint.ts';
import { nodeState, rumAnswer, seriesAnswer } from './fleet-state.ts';
import { numberIn } from './query.ts';

const mostPoints = 2_000;
const hourMs = 3_600_000;

export const fleetEndpoints = [
  endpoint({
    method: 'GET',
    path: '/nodes',
    audience: 'admin',
    summary:
      'What each node has counted since it was started, and how it is; one entry for each of its workers. Nodes report every ten seconds; one that has stopped doing so without a word is told of for an hour, as silent.',
    input: null,
    output: z.array(nodeState),
    run: async ({ fleet }) => fleet.nodes(),
  }),
  endpoint({
    method: 'GET',
    path: '/rum',
    audience: 'admin',
    summary:
      'Real timings that pages and commands have told lately, in ms: percentiles by PoP, and by client network (IPv4 /24, IPv6 /48) and PoP. What is older than ten minutes counts half as much, and so on.',
    input: null,
    output: rumAnswer,
    run: async ({ fleet }) => fleet.rum(),
  }),
  endpoint({
    method: 'GET',
    path: '/series',
    audience: 'admin',
    summary:
      'What the nodes of each role counted in each step of time: `?fromMs=` (default: an hour ago), `?toMs=` (now), `?spanMs=` for so long up to `toMs` instead of `fromMs`, `?points=` 1 to 2000, `?node=` for one alone. Six hours in steps of 10 s, 30 days in steps of five minutes.',
    input: null,
    output: seriesAnswer,
    async run({ fleet, query, nowMs }) {
      const toMs = numberIn(query, 'toMs') ?? nowMs;
      const fromMs = numberIn(query, 'fromMs') ?? toMs - (numberIn(query, 'spanMs') ?? hourMs);
      if (fromMs >= toMs) throw new MeridianError('request-malformed', 'fromMs has to be before toMs');
      const points = numberIn(query, 'points');
      if (points !== undefined && (points < 1 || points > mostPoints))
        throw new MeridianError('request-malformed', `points has to be a number from 1 to ${mostPoints}`);
      return fleet.series({ fromMs, toMs, points, node: query.get('node') ?? undefined });
    },
  }),
];
