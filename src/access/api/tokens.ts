/** Tokens, by the API. */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import { right, token } from '../record.ts';
import { endpoint } from './endpoint.ts';
import { numberIn } from './query.ts';

/** What is shown of a token: never what could be used in its place. */
export const shownToken = token.omit({ hash: true }).extend({ usedMs: z.number().nullable() });

/** At most, and unless less are asked for. */
export const tokensInPage = 1_000;

export const wantedToken = z.object({
  owner: token.shape.owner,
  label: token.shape.label.optional(),
  /** From now on. Without it, the token does not expire. */
  expiresS: z.number().int().positive().optional(),
  addresses: token.shape.addresses.optional(),
  limit: z.array(right).max(64).optional(),
});
export const madeToken = shownToken.extend({ token: z.string() });

export const tokenEndpoints = [
  endpoint({
    method: 'GET',
    path: '/tokens',
    audience: 'admin',
    summary:
      'Tokens, or those of one owner (`?owner=user:alice`), by id: `?limit=` 1 to 1000 (which it is unless said), `?after=` the last id of the page before. The last page is shorter than that.',
    input: null,
    output: z.array(shownToken),
    async run({ register, query }) {
      const owner = query.get('owner') ?? undefined;
      const after = query.get('after') ?? undefined;
      if (after !== undefined && !token.shape.id.safeParse(after).success)
        throw new MeridianError('request-malformed', 'after has to be the id of a token');
      const limit = pageLimit(numberIn(query, 'limit'));
      const listed = await register.tokens({ owner, after, limit });
      return listed.map(({ hash: _, ...rest }) => rest);
    },
  }),
  endpoint({
    method: 'POST',
    path: '/tokens',
    audience: 'admin',
    summary: 'Makes a token. What it is, `token`, is told this once.',
    input: wantedToken,
    output: madeToken,
    async run({ register, actor, input: { expiresS, ...rest }, nowMs }) {
      const expiresMs = expiresS === undefined ? null : nowMs + expiresS * 1000;
      const { token: record, text } = await register.makeToken(actor, { ...rest, expiresMs });
      const { hash: _, ...others } = record;
      return { ...others, usedMs: null, token: text };
    },
  }),
  endpoint({
    method: 'DELETE',
    path: '/tokens/:id',
    audience: 'admin',
    summary: 'Revokes a token. `told`: the bus has it, so that every node hears of it within a moment.',
    input: null,
    output: z.object({ told: z.boolean() }),
    async run({ register, actor, names }) {
      await register.revokeToken(actor, names['id'] ?? '');
      return { told: await register.told(toldWithinMs) };
    },
  }),
  endpoint({
    method: 'GET',
    path: '/tokens/:id',
    audience: 'admin',
    summary: 'One token.',
    input: null,
    output: shownToken,
    async run({ register, names }) {
      const id = names['id'] ?? '';
      const found = await register.token(id);
      if (found === null) throw new MeridianError('no-such-record', `there is no token ${id}`);
      const { hash: _, ...rest } = found;
      return rest;
    },
  }),
];

function pageLimit(wanted = tokensInPage): number {
  return Math.min(tokensInPage, Math.max(1, wanted));
}

/** What takes longer is told later all the same. */
export const toldWithinMs = 5_000;
