/** What is asked for most, and by whom, by the API. */
import { MeridianError } from '../../errors.ts';
import type { Register } from '../register/register.ts';
import { endpoint } from './endpoint.ts';
import { numberIn } from './query.ts';
import { topAnswer, topKinds, whoAnswer } from './top-answer.ts';

const mostLines = 1_000;
const usualLines = 20;
const dayMs = 86_400_000;
const whoDays = 30;

export const topEndpoints = [
  endpoint({
    method: 'GET',
    path: '/top',
    audience: 'admin',
    summary:
      'What clients asked PoPs for most, or who did: `?by=package` or `token`; `?fromMs=` (default: a day ago) and `?toMs=` (now), of which whole days (UTC) are counted, 30 at most; `?route=`, `?node=`, `?name=` for one alone; `?limit=` 1 to 1000 (20).',
    input: null,
    output: topAnswer,
    async run({ fleet, register, query, nowMs }) {
      const by = topKinds.find((kind) => kind === (query.get('by') ?? 'package'));
      if (by === undefined) throw new MeridianError('request-malformed', 'by has to be package or token');
      const toMs = numberIn(query, 'toMs') ?? nowMs;
      const fromMs = numberIn(query, 'fromMs') ?? toMs - dayMs;
      if (fromMs >= toMs) throw new MeridianError('request-malformed', 'fromMs has to be before toMs');
      const limit = numberIn(query, 'limit') ?? usualLines;
      if (limit < 1 || limit > mostLines)
        throw new MeridianError('request-malformed', `limit has to be a number from 1 to ${mostLines}`);
      const word = (name: string) => query.get(name) ?? undefined;
      const read = fleet.top.read({
        ...{ by, fromMs, toMs, limit },
        ...{ route: word('route'), node: word('node'), name: word('name') },
      });
      const owners = by === 'token' ? await ownersOf(read.top, register) : new Map();
      const top = read.top.map((line) => ({
        ...{ ...line, share: shareOf(line.requests, read.total.requests) },
        nodes: line.nodes.map((one) => ({ ...one, share: shareOf(one.requests, line.requests) })),
        ...{ owner: owners.get(line.name)?.owner ?? null, label: owners.get(line.name)?.label ?? null },
      }));
      return { ...read, by, top };
    },
  }),
  endpoint({
    method: 'GET',
    path: '/top/:route/:name',
    audience: 'admin',
    summary:
      'Whose tokens fetched a package most in the last 30 days: the first twenty, of those who fetch much; whoever has no token is in no line.',
    input: null,
    output: whoAnswer,
    async run({ fleet, register, names, nowMs }) {
      const { route = '', name = '' } = names;
      const asked = { route, name, fromMs: nowMs - whoDays * dayMs, toMs: nowMs, limit: usualLines };
      const lines = fleet.top.who(asked).map(({ token, ...line }) => ({ ...line, name: token }));
      const owners = await ownersOf(lines, register);
      return lines.map(({ name: token, ...amounts }) => ({
        ...{ token, owner: owners.get(token)?.owner ?? null, label: owners.get(token)?.label ?? null },
        ...amounts,
      }));
    },
  }),
];

type Owner = { readonly owner: string; readonly label: string };

/** Of tokens that there still are. */
async function ownersOf(
  lines: readonly { readonly name: string }[],
  register: Pick<Register, 'token'>,
): Promise<ReadonlyMap<string, Owner>> {
  const ids = [...new Set(lines.map(({ name }) => name))];
  const found = await Promise.all(ids.map(async (id) => [id, await register.token(id)] as const));
  return new Map(found.flatMap(([id, token]) => (token === null ? [] : [[id, token] as const])));
}

function shareOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(1, part / whole);
}
