/**
 * Where the other members of a ring hand requests over: a socket in a folder that is the node's own, for its own workers, and an
 * address for those of other nodes. Nothing is admitted there but what a member has signed. It takes the way of any request, but
 * is never handed on.
 */
import { rm } from 'node:fs/promises';
import { MeridianError } from '../errors.ts';
import { type Listener, listen } from '../http/listener.ts';
import { memoise } from '../http/memo.ts';
import type { Role } from '../protocol.ts';
import type { FrameDoor } from '../ring/frames/door.ts';
import { type Hop, hopField, isOwnWord, socketSeal, unsealHop, verifyHop } from '../ring/hop.ts';
import { followTold } from './ahead-told.ts';
import { forget, forgottenIn } from './forget.ts';
import { openNeighbourDoor } from './neighbour-door.ts';
import type { Node } from './node.ts';
import { OpenExchange } from './open.ts';
import { failed, refuse } from './refuse.ts';
import { giveCopy } from './replica.ts';
import { hitSocketOf, type Seat, socketOf } from './seat.ts';

type Serve = (exchange: OpenExchange, node: Node) => Response | Promise<Response>;

/** Fails when it cannot listen there. */
export async function openRingDoor(node: Node, seat: Seat | undefined, serve: Serve): Promise<RingDoor> {
  const { ring, limits, timeouts } = node.site.config;
  const common = {
    http2: false,
    http3: false,
    proxyProtocol: false,
    trustedProxies: [],
    idleTimeoutS: longestIdleS,
    bodyBytes: limits.bodyBytes,
    failed: (error: unknown) => failed(node, error),
    clock: node.clock,
    log: node.log,
  };
  const opened: Listener[] = [];
  let neighbourDoor: FrameDoor | null = null;
  if (seat) {
    const unix = socketOf(seat, seat.worker);
    // Left behind by a worker that was killed: there is never more than one of this number.
    await rm(unix, { force: true });
    const seal = memoise((secret: string) => socketSeal(secret, `unix:${unix}`));
    const hopIn: HopIn = (value) => unsealHop(seal(node.site.secret), value);
    opened.push(
      await listen({ ...common, host: '127.0.0.1', port: 0, unix, handle: handler(node, serve, hopIn) }),
    );
    neighbourDoor = node.role === 'pop' ? await openHits(node, hitSocketOf(seat, seat.worker)) : null;
  }
  if (ring) {
    const { tls } = ring;
    const http2 = tls !== undefined;
    const port = ring.port + (seat?.worker ?? 1) - 1;
    const hopIn: HopIn = (value, { method, target }) =>
      verifyHop(node.site.secret, value, method, target, node.clock.now());
    opened.push(
      await listen({ ...common, host: ring.host, port, tls, http2, handle: handler(node, serve, hopIn) }),
    );
  }
  return {
    async reloadCertificates() {
      await Promise.all(opened.map((listener) => listener.reloadCertificates()));
    },
    async drain() {
      const listeners = opened.map((listener) => listener.drain(timeouts.drainMs));
      await Promise.all([neighbourDoor?.drain(timeouts.drainMs), ...listeners]);
    },
  };
}

async function openHits(node: Node, path: string): Promise<FrameDoor> {
  await rm(path, { force: true });
  return openNeighbourDoor(node, path);
}

export interface RingDoor {
  /** Takes changed certificate files into use now. Fails when they are unusable. */
  reloadCertificates(): Promise<void>;
  drain(): Promise<void>;
}

/** Members keep their connections. */
const longestIdleS = 255;

/** What a `Meridian-Hop` says, if it is genuine; otherwise `null`. */
type HopIn = (value: string, exchange: OpenExchange) => Hop | null;

function handler(node: Node, serve: Serve, hopIn: HopIn) {
  return (request: Request, listener: Listener): Response | Promise<Response> => {
    const value = request.headers.get(hopField);
    const exchange = new OpenExchange(request, listener, node.clock.now(), node.clock.elapsed());
    const { method } = exchange;
    const hop = value === null ? null : hopIn(value, exchange);
    if (hop === null) {
      const error = new MeridianError('tier-refused', 'not a member of this ring');
      return refuse(node, { exchange, route: '', kind: '' }, error);
    }
    request.headers.delete(hopField);
    if (isOwnWord(hop)) return method === 'POST' ? doAsTold(request, exchange, node) : giveSign(node);
    exchange.take(hop);
    const answered = serve(exchange, node);
    // A shield puts its answers into envelopes by itself.
    const isWrapped = wraps[node.role] || !(answered instanceof Promise);
    return isWrapped ? answered : exchange.enveloped(answered);
  };
}

const wraps: Readonly<Record<Role, boolean>> = { pop: false, shield: true, origin: true };

/** Whoever leaves says so: it answers what it is asked, and wants to be asked no more. */
function giveSign({ ring }: Node): Response {
  return new Response(null, { status: ring?.isLeaving ? 503 : 204 });
}

/** What members say to each other (`Word` in `ring.ts`). */
async function doAsTold(request: Request, { path, query }: OpenExchange, node: Node): Promise<Response> {
  const text = await request.text();
  const digest = new Bun.CryptoHasher('sha256').update(text).digest('hex');
  if (query !== `?${digest}`) return new Response(null, { status: 400 });
  if (path === '/copy') return giveCopy(text, node);
  if (path === '/ahead') return new Response(null, { status: followTold(text, node.predictor) ? 204 : 400 });
  const forgotten = path === '/forget' ? forgottenIn(text) : null;
  if (forgotten === null) return new Response(null, { status: 400 });
  forget(node.cache, forgotten);
  return new Response(null, { status: 204 });
}
