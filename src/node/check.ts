/**
 * How a node sees that a parent is there: a signed request for nothing, which no cache and no log has to do with.
 */
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { type Lane, request } from '../http/client.ts';
import type { Way } from '../parent.ts';
import { keepField, keepIn, keepText } from './kept.ts';
import type { Node } from './node.ts';
import { signTier, tierField } from './tier.ts';
import type { AskedNode } from './tier-request.ts';
import type { TierTls } from './tier-tls.ts';

/** In place of a route's name, which it cannot be. */
const checkRoute = '.';
/** Asks how full the way is from there on, and says so. */
const wayField = 'meridian-way';
const method = 'HEAD';
const target = '/';

export interface Checker {
  readonly node: string;
  readonly secret: string;
  readonly clock: Clock;
  readonly tls: TierTls;
  /** The connection and the answer, each. */
  readonly timeoutMs: number;
  readonly lane?: Lane;
}

/**
 * Rejects when there is no answer, or one that says that it cannot do its work.
 *
 * @param kept traces that it may have a part of, and that are kept.
 */
export async function checkNode(
  asked: AskedNode,
  checker: Checker,
  signal: AbortSignal,
  kept: readonly string[] = [],
): Promise<void> {
  await send(asked, checker, signal, kept.length > 0 ? { [keepField]: keepText(kept) } : {});
}

/** Rejects as `checkNode`. @returns what it knows of the way to its own parents; `null`: nothing. */
export async function checkWay(asked: AskedNode, checker: Checker, signal: AbortSignal): Promise<Way | null> {
  return wayIn((await send(asked, checker, signal, { [wayField]: '?1' })).get(wayField));
}

async function send(
  { url, http2 }: AskedNode,
  checker: Checker,
  signal: AbortSignal,
  fields: Readonly<Record<string, string>>,
): Promise<Headers> {
  const { node, secret, clock, tls, timeoutMs, lane } = checker;
  const claim = { node, route: checkRoute, background: true };
  const headers = new Headers({
    ...fields,
    [tierField]: signTier(secret, claim, method, target, clock.now()),
  });
  const timeouts = { connectMs: timeoutMs, firstByteMs: timeoutMs, betweenBytesMs: timeoutMs };
  const { status, headers: said } = await request(url + target, {
    ...{ method, headers, signal, timeouts, clock },
    direct: true,
    tls: tls.current,
    http2,
    lane,
  });
  // One that is older than this check says that there is no such route, and is well.
  if (status >= 500) throw new MeridianError('upstream-invalid', `the check was answered ${status}`);
  return said;
}

export function isCheck({ tier }: Exchange): boolean {
  return tier?.route === checkRoute;
}

export function checked({ headers }: Exchange, { tracing, site }: Pick<Node, 'tracing' | 'site'>): Response {
  const kept = keepIn(headers.get(keepField));
  if (kept.length > 0) tracing.keep(kept);
  const way = headers.has(wayField) ? site.way() : null;
  return new Response(null, { status: 204, headers: way === null ? {} : { [wayField]: wayText(way) } });
}

function wayText({ delayMs, leastMs }: Way): string {
  return `${delayMs.toFixed(1)};least=${leastMs.toFixed(1)}`;
}

function wayIn(text: string | null): Way | null {
  const [, delayMs, leastMs] = /^(\d{1,6}(?:\.\d)?);least=(\d{1,6}(?:\.\d)?)$/.exec(text ?? '') ?? [];
  return delayMs === undefined ? null : { delayMs: Number(delayMs), leastMs: Number(leastMs) };
}
