/** Who may have what: the parameters of it, a part of the table in `schema.ts`. */
import { group, oneOf, seconds } from './kinds.ts';

export const access = group('Tokens and rights, as PoPs know them.', {
  trustS: seconds(
    'A PoP that has not been up to date with the bus for longer lets in nobody who needs a token. What everybody may read it goes on to serve.',
    { atLeast: 1 },
  ).prefault('5m'),
  unknownS: seconds('For so long, a token that the origin does not know is not asked about again.').prefault(
    '5s',
  ),
});

export const routeAccess = oneOf(
  '`open`: everybody may read what is not restricted, without a token. `closed`: only who has been given the right to.',
  ['open', 'closed'],
);
