/**
 * The other server that a listener can have: that of `node:http` and `node:http2`, which sends interim responses and
 * keeps the `Content-Length` of a body that streams. Bun.serve does neither, but needs a quarter of the work for a
 * hit and sends files without a detour through JavaScript; so this one is for those who ask for it.
 *
 * Handlers see the same requests, and give the same responses: `message.ts` translates.
 */
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import {
  clientAt,
  type Generation,
  type GenerationOptions,
  lastOnConnection,
  longestTimeoutS,
} from './generation.ts';
import { type Incoming, inform, type Outgoing, requestOf, sendResponse } from './message.ts';

/** For a whole head to arrive. */
const headMs = 10_000;

/** Both ends of a request, by the request that the handler sees. */
interface Wire {
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
}

type Serve = (incoming: Incoming, outgoing: Outgoing) => void;

/** Fails when the certificate cannot be used. Whether the address is free must have been seen to before. */
export function openInformational<Caller>(options: GenerationOptions<Caller>): Generation {
  const { host, port, tls, shared, idleTimeoutS, handle, failed, draining, behindFront } = options;
  const clients = new Map<number, string>();
  const wires = new WeakMap<Request, Wire>();
  const sockets = new Set<Socket>();
  let pending = 0;

  const server = serverFor(options, (incoming, outgoing) => void serve(incoming, outgoing));
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setTimeout(idleTimeoutS * 1000);
    socket.on('timeout', () => socket.destroy());
  });
  server.on('tlsClientError', (error: Error, socket: Socket) => {
    options.refused(clientAt(socket.remoteAddress, undefined, null), error.message);
  });
  server.listen({ host, port, reusePort: shared });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the address cannot be listened on');
  const own = {
    scheme: tls ? 'https' : 'http',
    authority: `${host.includes(':') ? `[${host}]` : host}:${address.port}`,
  };

  async function serve(incoming: Incoming, outgoing: Outgoing): Promise<void> {
    const { socket } = incoming;
    if (behindFront && !clients.has(socket.remotePort ?? 0)) {
      return await sendResponse(closing(403), '', outgoing);
    }
    pending++;
    socket.setTimeout(longestTimeoutS * 1000);
    try {
      await sendResponse(await answer(incoming, outgoing), incoming.method ?? '', outgoing);
    } finally {
      pending--;
      if (!socket.destroyed) socket.setTimeout(idleTimeoutS * 1000);
    }
  }

  async function answer(incoming: Incoming, outgoing: Outgoing): Promise<Response> {
    const gone = new AbortController();
    outgoing.once('close', () => gone.abort(new DOMException('The client has left', 'AbortError')));
    const request = requestOf(incoming, own, gone.signal);
    if (request === null) return closing(400);
    wires.set(request, { incoming, outgoing });
    try {
      const response = await handle(request, caller);
      return draining() ? lastOnConnection(response) : response;
    } catch (error) {
      return failed(error);
    }
  }

  const generation: Generation = {
    port: address.port,
    clients,
    pending: () => pending,
    clientAddress(request) {
      const { remoteAddress, remotePort } = wires.get(request)?.incoming.socket ?? {};
      return clientAt(remoteAddress, remotePort, behindFront ? clients : null);
    },
    patience(request, seconds) {
      wires.get(request)?.incoming.socket.setTimeout(seconds * 1000);
    },
    inform(request, status, headers) {
      const wire = wires.get(request);
      if (wire) inform(wire.incoming, wire.outgoing, status, headers);
    },
    async stop(abort) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if (abort) for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  const caller = options.caller(generation);
  return generation;
}

function serverFor<Caller>({ tls, http2, idleTimeoutS }: GenerationOptions<Caller>, serve: Serve) {
  const times = {
    headersTimeout: headMs,
    // A body has its own bound (`bodyWithin`), and a connection on which nothing moves is closed.
    requestTimeout: 0,
    keepAliveTimeout: idleTimeoutS * 1000,
    connectionsCheckingInterval: 1_000,
  };
  if (tls === undefined) return createServer(times, serve);
  if (!http2) return createTlsServer({ ...tls, ...times, handshakeTimeout: headMs }, serve);
  return createSecureServer({ ...tls, allowHTTP1: true, handshakeTimeout: headMs }, serve);
}

function closing(status: number): Response {
  return new Response(null, { status, headers: { connection: 'close' } });
}
