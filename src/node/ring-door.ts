/**
 * Where the other workers of a node hand requests over: a socket in a folder that is the node's own. What comes in
 * here takes the way of any request, but is never handed on.
 */
import { rm } from 'node:fs/promises';
import { MeridianError } from '../errors.ts';
import { type Listener, listen } from '../http/listener.ts';
import type { Role } from '../protocol.ts';
import { hopField, verifyHop } from '../ring/hop.ts';
import { signOfLife } from '../ring/peers.ts';
import { forget, forgottenIn } from './forget.ts';
import type { Node } from './node.ts';
import { OpenExchange } from './open.ts';
import { failed, refuse } from './refuse.ts';
import { giveCopy } from './replica.ts';
import { type Seat, socketOf } from './seat.ts';

type Serve = (exchange: OpenExchange, node: Node) => Response | Promise<Response>;

/** Fails when the socket cannot be made. */
export async function openRingDoor(node: Node, seat: Seat, serve: Serve): Promise<Listener> {
  const path = socketOf(seat, seat.worker);
  // Left behind by a worker that was killed: there is never more than one of this number.
  await rm(path, { force: true });
  return listen({
    host: '127.0.0.1',
    port: 0,
    unix: path,
    http2: false,
    http3: false,
    proxyProtocol: false,
    trustedProxies: [],
    idleTimeoutS: 255,
    bodyBytes: node.site.config.limits.bodyBytes,
    handle: (request, listener) => handle(request, listener, node, serve),
    failed: (error) => failed(node, error),
    clock: node.clock,
    log: node.log,
  });
}

function handle(
  request: Request,
  listener: Listener,
  node: Node,
  serve: Serve,
): Response | Promise<Response> {
  const value = request.headers.get(hopField);
  if (value === signOfLife) return new Response(null, { status: 204 });
  const exchange = new OpenExchange(request, listener, node.clock.now(), node.clock.elapsed());
  const { method, target } = exchange;
  const hop = value === null ? null : verifyHop(node.site.secret, value, method, target, node.clock.now());
  if (hop === null) {
    const error = new MeridianError('tier-refused', 'not a worker of this node');
    return refuse(node, { exchange, route: '', kind: '' }, error);
  }
  request.headers.delete(hopField);
  if (method === 'POST') return doAsTold(request, exchange, node);
  exchange.take(hop);
  const answered = serve(exchange, node);
  // A shield puts its answers into envelopes by itself.
  const isWrapped = wraps[node.role] || !(answered instanceof Promise);
  return isWrapped ? answered : exchange.enveloped(answered);
}

const wraps: Readonly<Record<Role, boolean>> = { pop: false, shield: true, origin: true };

/** What workers say to each other (`Word` in `ring.ts`). */
async function doAsTold(request: Request, { path, query }: OpenExchange, node: Node): Promise<Response> {
  const text = await request.text();
  const digest = new Bun.CryptoHasher('sha256').update(text).digest('hex');
  if (query !== `?${digest}`) return new Response(null, { status: 400 });
  if (path === '/copy') return giveCopy(text, node);
  const forgotten = path === '/forget' ? forgottenIn(text) : null;
  if (forgotten === null) return new Response(null, { status: 400 });
  forget(node.cache, forgotten);
  return new Response(null, { status: 204 });
}
