/**
 * The listener for those who look after a node: its metrics, whether it lives and is ready, and the web console with the API that
 * it works by. It is one for the whole node, however many workers that has. Without a token it changes nothing and shows
 * metrics alone, so it is on loopback unless the config says otherwise.
 */
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { formatFor, mediaTypes, metricsText } from '../telemetry/metrics/text.ts';
import { consoleBase, openConsole } from './console/serve.ts';

export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  /** Labels of every series. */
  readonly about: Readonly<Record<'node' | 'role', string>>;
  readonly metrics: () => Promise<Snapshot> | Snapshot;
  /** Why clients had better go elsewhere; `null`: they need not. */
  readonly unready: () => string | null;
  /** Addresses that the node serves clients at, and so the API. */
  readonly urls: () => readonly string[];
}

export interface Admin {
  readonly url: string;
  close(): Promise<void>;
}

/** As much as the API takes at once. */
const maxBodyBytes = 4 * 2 ** 20;
const apiBase = '/.meridian/v1/';

export function serveAdmin(options: AdminOptions): Admin {
  const { host, port } = options;
  const pages = openConsole();
  const server = Bun.serve({
    hostname: host,
    port,
    development: false,
    maxRequestBodySize: maxBodyBytes,
    // The API waits for other nodes, but not for longer than this.
    idleTimeout: 120,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      if (pathname.startsWith(apiBase)) return passOn(request, pathname + search, options);
      if (request.method !== 'GET' && request.method !== 'HEAD') return nothingToChange();
      if (pathname.startsWith(consoleBase)) return pages.answer(pathname.slice(consoleBase.length), request);
      return answer(request, pathname, options);
    },
    error: (error) => plain(500, error.message),
  });
  const shown = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${shown}:${server.port}`, close: () => server.stop(true) };
}

async function answer(request: Request, path: string, options: AdminOptions): Promise<Response> {
  switch (path) {
    case '/':
    case '/console':
      return new Response(null, { status: 302, headers: { location: consoleBase } });
    case '/metrics': {
      const format = formatFor(request.headers.get('accept'));
      return new Response(metricsText(await options.metrics(), options.about, format), {
        headers: { 'content-type': mediaTypes[format], 'cache-control': 'no-store' },
      });
    }
    case '/healthz':
      return plain(200, 'alive');
    case '/readyz': {
      const reason = options.unready();
      return reason === null ? plain(200, 'ready') : plain(503, reason);
    }
    default:
      return plain(404, 'Here are /console/, /metrics, /healthz and /readyz.');
  }
}

/** What a browser says of itself that the API needs; above all, no cookie. */
const passedFields = ['authorization', 'content-type', 'accept'];

/** Asks the node itself as any client would, so that the console can do what its token may do and no more. */
async function passOn(request: Request, target: string, { urls }: AdminOptions): Promise<Response> {
  const [base] = urls();
  if (base === undefined) return plain(503, 'The node does not serve yet.');
  const headers = new Headers();
  for (const name of passedFields) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const body = await request.arrayBuffer();
  try {
    const {
      status,
      headers: said,
      body: sent,
    } = await fetch(base + target, {
      method: request.method,
      headers,
      ...(body.byteLength === 0 ? {} : { body }),
      redirect: 'manual',
      signal: request.signal,
      proxy: false,
      // It is the node's own listener, on this machine, and its certificate need not name loopback.
      tls: { rejectUnauthorized: false },
    });
    const kept = new Headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    for (const name of ['content-type', 'x-request-id', 'retry-after']) {
      const value = said.get(name);
      if (value !== null) kept.set(name, value);
    }
    return new Response(sent, { status, headers: kept });
  } catch (error) {
    if (request.signal.aborted) return plain(499, 'The browser has gone.');
    const reason = error instanceof Error ? error.message : String(error);
    return Response.json(
      { error: `The node does not answer: ${reason}`, code: 'unavailable' },
      { status: 502 },
    );
  }
}

function nothingToChange(): Response {
  return new Response('There is nothing to change here.\n', { status: 405, headers: { allow: 'GET, HEAD' } });
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { 'cache-control': 'no-store' } });
}
