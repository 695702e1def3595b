/**
 * Errors as responses: the status from the table of errors, the body a problem document (RFC 9457) that also
 * has the `error` member in which npm and others look for a sentence to show; or what else a protocol's clients read.
 */
import { asMeridianError, MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Problem } from '../protocol.ts';
import { tellKept } from './kept.ts';
import type { Account, Node } from './node.ts';
import { cacheStatus } from './prepare.ts';
import { record, sign } from './record.ts';

export function noRoute(exchange: Exchange): MeridianError {
  return new MeridianError('no-route', `nothing is served at ${exchange.authority}${exchange.path}`);
}

/**
 * How a credential may be presented (RFC 9110 §11.6.1). Basic comes first: Maven's HTTP client, and others, read one challenge of a field
 * and no further, and what shows a bearer token does so without being asked.
 */
const challenge = 'Basic realm="meridian", charset="UTF-8", Bearer realm="meridian"';

const doubtful: ReadonlySet<number> = new Set([400, 413, 414, 431, 501]);

export function refuse(node: Node, account: Account, thrown: unknown): Response {
  const { exchange } = account;
  const error = errorOf(exchange, thrown);
  const { row } = error;
  node.counts.errors++;
  node.work.failed(error.code);
  if (row.blame === 'meridian')
    node.log.error('a request failed', {
      ...{ id: exchange.id, trace: exchange.trace?.traceId },
      error: error.cause ?? error,
    });

  const told =
    node.site.routes.named(account.route)?.protocol.problem?.(error, exchange) ?? problem(error, exchange);
  const { body } = told;
  const headers = new Headers({
    'content-type': told.type,
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'cache-status': cacheStatus(node, 'error', { detail: error.code }, { key: account.key }),
  });
  if (error.retryAfterS !== undefined) headers.set('retry-after', String(error.retryAfterS));
  if (row.status === 401) headers.set('www-authenticate', told.challenge ?? challenge);
  if (row.status === 405 && told.allow !== undefined) headers.set('allow', told.allow);
  // What is ambiguous or beyond a limit leaves the rest of its connection in doubt (RFC 9112 §11.2).
  if (doubtful.has(row.status)) headers.set('connection', 'close');
  const tookMs = sign(node, exchange, headers, null);
  record(node, account, tookMs, row.status, body.length, 'error');
  tellKept(exchange, headers);
  return new Response(exchange.method === 'HEAD' ? null : body, { status: row.status, headers });
}

/** A problem document (RFC 9457). */
function problem(error: MeridianError, exchange: Exchange): Problem {
  const body = JSON.stringify({
    type: `https://meridian.invalid/errors/${error.code}`,
    title: error.row.advice,
    status: error.row.status,
    detail: error.detail,
    error: error.explanation,
    code: error.code,
    requestId: exchange.id,
  });
  return { type: 'application/problem+json', body };
}

/** What was called off because its client has left is no failure of ours. */
function errorOf({ request }: Exchange, thrown: unknown): MeridianError {
  if (thrown instanceof MeridianError || !request.signal.aborted) return asMeridianError(thrown);
  return new MeridianError('client-gone', 'what was asked for it was called off', { cause: thrown });
}

/** The last resort of a listener: something threw where nothing should. */
export function failed(node: Node, error: unknown): Response {
  node.counts.errors++;
  node.work.failed('internal');
  node.log.error('a request failed outside of every phase', { error });
  return Response.json({ error: 'internal error', code: 'internal' }, { status: 500 });
}
