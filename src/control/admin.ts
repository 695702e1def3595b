/**
 * The listener for those who look after a node: its metrics, whether it lives and is ready, and the web console with the API that
 * it works by. It is one for the whole node, however many workers that has. Without a token it changes nothing and shows
 * metrics alone, so it is on loopback unless the config says otherwise.
 */
import { canonicalAddress } from '../http/cidr.ts';
import { clientFrom, type TrustedProxies } from '../http/forwarded.ts';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { formatFor, mediaTypes, metricsText } from '../telemetry/metrics/text.ts';
import { consoleBase, openConsole } from './console/serve.ts';
import type { ApiAnswer, VisitMessage } from './messages.ts';

export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  /** Labels of every series. */
  readonly about: Readonly<Record<'node' | 'role', string>>;
  readonly metrics: () => Promise<Snapshot> | Snapshot;
  /** Why clients had better go elsewhere; `null`: they need not. */
  readonly unready: () => string | null;
  /** Asks the API as the visitor whom the token belongs to; fails while the node serves nobody. */
  readonly visit: (request: VisitMessage) => Promise<ApiAnswer>;
  /** Proxies in front whose word about the visitor is believed; `null` when there are none. */
  readonly proxies: () => TrustedProxies | null;
}

export interface Admin {
  readonly url: string;
  close(): Promise<void>;
}

/** As much as the API takes at once. */
const maxBodyBytes = 4 * 2 ** 20;
const apiBase = '/.meridian/v1';

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
    fetch: async (request, server) => {
      const { pathname, search } = new URL(request.url);
      if (pathname.startsWith(`${apiBase}/`)) {
        const address = addressOf(request, server.requestIP(request)?.address ?? '', options);
        return visited(request, pathname.slice(apiBase.length) + search, address, options);
      }
      if (request.method !== 'GET' && request.method !== 'HEAD') return nothingToChange('GET, HEAD');
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

function addressOf({ headers }: Request, peer: string, { proxies }: AdminOptions): string {
  const trusted = proxies();
  if (trusted === null) return canonicalAddress(peer) ?? peer;
  return clientFrom(headers, peer, trusted).address;
}

const methods = ['GET', 'POST', 'PUT', 'DELETE'] as const;

/** The API, for whoever the token belongs to that the request brings: cookies are nothing here. */
async function visited(
  request: Request,
  target: string,
  address: string,
  { visit }: AdminOptions,
): Promise<Response> {
  const method = methods.find((each) => each === request.method);
  if (method === undefined) return nothingToChange(methods.join(', '));
  const authorization = request.headers.get('authorization');
  const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  try {
    const { status, body } = await visit({
      ...{ method, target, authorization, address },
      body: await request.text(),
    });
    return Response.json(body, { status, headers });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return Response.json(
      { error: `The node does not answer: ${reason}.`, code: 'unavailable' },
      { status: 502, headers },
    );
  }
}

function nothingToChange(allow: string): Response {
  return new Response('There is nothing to change here.\n', { status: 405, headers: { allow } });
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { 'cache-control': 'no-store' } });
}
