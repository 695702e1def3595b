/** How to point each client at the network, by the API, with the right address filled in. */
import { MeridianError } from '../../errors.ts';
import { clientRoutes } from './clients-message.ts';
import { endpoint } from './endpoint.ts';

export const clientEndpoints = [
  endpoint({
    method: 'GET',
    path: '/clients',
    audience: 'anybody',
    summary:
      'For each route and each client that speaks its protocol: what to set and to run, how to log in, to check and to undo it. With the address of the PoP that is asked, or of `?node=`, or `?base=https://…`. Who has no token learns of routes that everybody may read.',
    input: null,
    output: clientRoutes,
    run: async ({ clients, query, askedAt, identity }) =>
      clients({ given: baseIn(query), node: query.get('node'), askedAt, identity }),
  }),
];

function baseIn(query: URLSearchParams): string | null {
  const text = query.get('base');
  if (text === null) return null;
  const url = text.length > 500 ? null : URL.parse(text);
  const isAddress = url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
  if (isAddress && url.username === '' && url.password === '') return url.origin;
  throw new MeridianError(
    'request-malformed',
    'base has to be an address such as https://packages.example.com',
  );
}
