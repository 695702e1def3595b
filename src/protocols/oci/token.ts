/**
 * The token endpoint, `/v2/token`: as Docker's clients ask for tokens (https://distribution.github.io/distribution/spec/auth/token/), by GET with
 * Basic or nothing, and as OAuth 2 has it (…/spec/auth/oauth/), by POST. It tells nobody what there is: a token is for what was asked,
 * and whether its holder may do that is seen when he does it.
 */
import { MeridianError } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { GivenTicket, ShownSecret, TicketWish } from '../../identity.ts';
import type { Answered, Ticketing } from '../../resource.ts';
import { rightsIn } from './scope.ts';

const mostFormBytes = 64 * 1024;

export function ticketing(exchange: Exchange, fullName: (name: string) => string | null): Ticketing {
  return {
    as: 'ticket',
    kind: 'token',
    wish: async () => {
      if (exchange.method !== 'POST') return wishIn(new URLSearchParams(exchange.query), exchange, fullName);
      return formWish(await formIn(exchange), exchange, fullName);
    },
    told,
  };
}

function wishIn(
  parameters: URLSearchParams,
  exchange: Exchange,
  fullName: (name: string) => string | null,
): TicketWish {
  const rights = rightsIn(parameters.getAll('scope'), fullName);
  const keep = parameters.get('offline_token') === 'true' ? keptBy(parameters, exchange) : null;
  return { shown: null, rights, keep };
}

function formWish(
  form: URLSearchParams,
  exchange: Exchange,
  fullName: (name: string) => string | null,
): TicketWish {
  const rights = rightsIn(form.getAll('scope'), fullName);
  const keep = form.get('access_type') === 'offline' ? keptBy(form, exchange) : null;
  return { shown: shownIn(form), rights, keep };
}

function shownIn(form: URLSearchParams): ShownSecret {
  const grant = form.get('grant_type');
  if (grant === 'password') return { user: form.get('username') ?? '', secret: form.get('password') ?? '' };
  // What a client keeps instead of a password, whoever's it is.
  if (grant === 'refresh_token') return { user: 'token', secret: form.get('refresh_token') ?? '' };
  throw new MeridianError('request-malformed', 'The grant_type is neither "password" nor "refresh_token".');
}

/** As it is listed among the user's tokens. */
function keptBy(parameters: URLSearchParams, exchange: Exchange): string {
  const client = (parameters.get('client_id') ?? '').replace(/[^\w .-]/g, '').slice(0, 40) || 'container';
  return `${client} login from ${exchange.client()}`;
}

async function formIn(exchange: Exchange): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(exchange.headers.get('content-type') ?? ''))
    throw new MeridianError(
      'request-malformed',
      'A token is asked for by a form (application/x-www-form-urlencoded).',
    );
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of exchange.body() ?? []) {
    bytes += piece.length;
    if (bytes > mostFormBytes)
      throw new MeridianError('body-too-large', `A token is asked for in ${mostFormBytes} bytes at most.`);
    pieces.push(piece);
  }
  return new URLSearchParams(Buffer.concat(pieces, bytes).toString('utf8'));
}

function told({ text, forS, givenMs, kept }: GivenTicket): Answered {
  const body = JSON.stringify({
    // By both names: of the one specification, and of the other.
    token: text,
    access_token: text,
    token_type: 'Bearer',
    expires_in: forS,
    issued_at: new Date(givenMs).toISOString(),
    ...(kept !== null && { refresh_token: kept }),
  });
  return {
    as: 'answer',
    kind: 'token',
    status: 200,
    fields: [
      ['content-type', 'application/json'],
      ['cache-control', 'no-store'],
    ],
    body,
  };
}
