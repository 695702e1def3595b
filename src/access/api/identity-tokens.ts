/** Tokens for machines that show who they are by an identity token of another system. */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';

export const identityTokenEndpoints = [
  endpoint({
    method: 'POST',
    path: '/oidc/exchange',
    audience: 'anybody',
    summary:
      'Gives a token that is good for a few minutes for an identity token (JWT) of an issuer that the config trusts.',
    input: z.object({ token: z.string() }),
    output: z.object({ token: z.string(), owner: z.string(), expiresMs: z.number().nullable() }),
    async run({ exchange, actor, input }) {
      const { text, token } = await exchange.exchange(input.token, actor.from);
      return { token: text, owner: token.owner, expiresMs: token.expiresMs };
    },
  }),
];
