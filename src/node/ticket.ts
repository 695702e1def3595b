/**
 * Phases of PoPs for clients that get a token before they get anything else: whether one has to be shown, and giving one
 * (`Ticketing`).
 */
import type { Guard } from '../access/edge/guard.ts';
import { MeridianError } from '../errors.ts';
import { inOtherWords } from '../exchange.ts';
import type { ShownSecret } from '../identity.ts';
import type { Answered, Ticketing } from '../resource.ts';
import type { Account, Node } from './node.ts';
import { refuse } from './refuse.ts';
import { replyLocally } from './reply.ts';
import type { Route } from './routes.ts';

/** What the node answers by itself, and not to everybody. */
// off the hit path: nothing that is stored
export async function greet(
  node: Node,
  guard: Guard,
  account: Account,
  route: Route,
  named: Answered,
): Promise<Response> {
  const { exchange } = account;
  try {
    if (guard.shows(exchange)) account.token = (await guard.identify(exchange)).token;
    else if (named.audience === 'shown' || !guard.isOpen(route.name))
      throw new MeridianError(
        'unauthenticated',
        'Clients get a token first, also to read what is for everybody.',
      );
    return replyLocally(node, account, named);
  } catch (thrown) {
    return refuse(node, account, thrown);
  }
}

// off the hit path: the request's body has to come first
export async function giveTicket(
  node: Node,
  guard: Guard | null,
  account: Account,
  route: Route,
  { wish, told }: Ticketing,
): Promise<Response> {
  node.counts.pending++;
  const { exchange } = account;
  try {
    if (guard === null) throw new MeridianError('internal', 'only a PoP gives tokens');
    const { shown, rights, keep } = await wish();
    const headers = shown === null ? exchange.headers : fieldsOf(shown);
    const onRoute = rights.map((right) => ({ ...right, routes: [route.name] }));
    const given = await guard.giveTicket(inOtherWords(exchange, { headers }), { rights: onRoute, keep });
    return replyLocally(node, account, told(given));
  } catch (thrown) {
    return refuse(node, account, thrown);
  } finally {
    node.counts.pending--;
  }
}

function fieldsOf({ user, secret }: ShownSecret): Headers {
  return new Headers({ authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}` });
}
