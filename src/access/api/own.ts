/** One's own tokens, by the API. */
import { z } from 'zod';
import { MeridianError } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import type { Register } from '../register/register.ts';
import type { ListedToken } from '../register/tokens.ts';
import { endpoint } from './endpoint.ts';
import { shownToken, tokensInPage, toldWithinMs } from './tokens.ts';

export const ownEndpoints = [
  endpoint({
    method: 'GET',
    path: '/own/tokens',
    audience: 'account',
    summary: 'The tokens of whoever asks, up to 1000; who asks with a limited one sees that one alone.',
    input: null,
    output: z.array(shownToken),
    async run({ register, identity }) {
      return (await ownTokens(register, identity)).map(({ hash: _, ...rest }) => rest);
    },
  }),
  endpoint({
    method: 'DELETE',
    path: '/own/tokens/:id',
    audience: 'account',
    summary: 'Revokes a token of whoever asks. `told`: the bus has it.',
    input: null,
    output: z.object({ told: z.boolean() }),
    async run({ register, identity, actor, names: { id = '' } }) {
      const isOwn = (await ownTokens(register, identity)).some((each) => each.id === id);
      if (!isOwn) throw new MeridianError('no-such-record', `you have no token ${id}`);
      await register.revokeToken(actor, id);
      return { told: await register.told(toldWithinMs) };
    },
  }),
];

/** As npm's own commands see them (`Accounts.tokens`): a limited token is for doing one thing, which is not to look after others. */
async function ownTokens(register: Register, identity: Identity | null): Promise<readonly ListedToken[]> {
  const used = identity?.token ? await register.token(identity.token) : null;
  if (used === null || used.owner !== identity?.name) return [];
  return used.limit === null ? register.tokens({ owner: used.owner, limit: tokensInPage }) : [used];
}
