/** Who may have what: the parameters of it, a part of the table in `schema.ts`. */
import { z } from 'zod';
import * as forms from './forms.ts';
import { flag, group, list, oneOf, rows, seconds, text } from './kinds.ts';

/** Also what `access/oidc` can verify. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA'] as const;

/** As it is written, because names of issuers are compared so. Whoever can change what comes from there can be any machine. */
const secureUrl = (means: string, otherwise?: string) => {
  const expected = 'an https address, or an http one on loopback';
  return text(means, otherwise === undefined ? { expected } : { expected, otherwise }, (value) => {
    const read = forms.httpUrl(value);
    if (read === undefined) return undefined;
    const { protocol, hostname } = new URL(read);
    return protocol === 'https:' || forms.isLoopback(hostname) ? value : undefined;
  });
};

const machine = group('A rule: which machine it is whose token has these claims.', {
  machine: text(
    'Name of the machine. Rights are given to `machine:<name>`.',
    { expected: "a name of lower-case letters, digits and inner dashes, such as 'ui-release'" },
    forms.label,
  ),
  claims: z
    .record(
      z.string().min(1),
      text('Value; `*` stands for any text.', { expected: 'text that the claim has to match' }, (value) =>
        value === '' ? undefined : value,
      ),
    )
    .refine((claims) => Object.keys(claims).length > 0, 'at least one claim')
    .register(rows, {
      means: 'Claims that the token has to have, all of them.',
      expected: "an object with a text under each claim, such as { repository: 'acme/ui' }",
      type: 'map',
    }),
});

const issuer = group('An issuer of identity tokens, such as a CI system.', {
  url: secureUrl('Its name, which its tokens bear as `iss`; its discovery document is below it.'),
  audience: text('What its tokens have to name as `aud`.', { expected: 'the audience' }, (value) =>
    value === '' ? undefined : value,
  ),
  jwksUrl: secureUrl('Where its keys are.', 'by its discovery document').optional(),
  algorithms: list('How its tokens may be signed.', oneOf('Algorithm.', [...algorithms])).prefault([
    'RS256',
    'ES256',
  ]),
  machines: list('Which machine a token stands for: the first rule that fits.', machine),
  lifetimeS: seconds('How long the token is good that it is exchanged for.', {
    atLeast: 60,
    atMost: 86_400,
  }).prefault('15m'),
});

export const access = group('Tokens and rights, as PoPs know them.', {
  trustS: seconds(
    'A PoP that has not been up to date with the bus for longer lets in nobody who needs a token. What everybody may read it goes on to serve.',
    { atLeast: 1 },
  ).prefault('5m'),
  issuers: list('Who vouches for machines, so that they need no token of their own.', issuer).prefault([]),
  signup: flag(
    'Whoever logs in with a name that nobody has becomes a user, with the rights of all `users`. Otherwise, users are added by who administers the network.',
  ).prefault(false),
  loginS: seconds('How long a token is good that a user gets by logging in with his password.', {
    atLeast: 60,
  }).prefault('30d'),
  auditS: seconds(
    'How long lines of the audit log are kept at the origin. Export them before that, where they have to be kept elsewhere.',
    { atLeast: 86_400 },
    'for good',
  ).optional(),
  unknownS: seconds('For so long, a token that the origin does not know is not asked about again.').prefault(
    '5s',
  ),
});

export const routeAccess = oneOf(
  '`open`: everybody may read what is not restricted, without a token. `closed`: only who has been given the right to.',
  ['open', 'closed'],
);
