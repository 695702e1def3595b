/**
 * The listener for those who look after a node: its metrics, and whether it lives and is ready. It is one for the whole
 * node, however many workers that has. It changes nothing and needs no credential, so it is on loopback unless the config
 * says otherwise.
 */
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { formatFor, mediaTypes, metricsText } from '../telemetry/metrics/text.ts';

export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  /** Labels of every series. */
  readonly about: Readonly<Record<'node' | 'role', string>>;
  readonly metrics: () => Promise<Snapshot> | Snapshot;
  /** Why clients had better go elsewhere; `null`: they need not. */
  readonly unready: () => string | null;
}

export interface Admin {
  readonly url: string;
  close(): Promise<void>;
}

export function serveAdmin(options: AdminOptions): Admin {
  const { host, port } = options;
  const server = Bun.serve({
    hostname: host,
    port,
    development: false,
    maxRequestBodySize: 0,
    fetch: (request) => answer(request, options),
    error: (error) => plain(500, error.message),
  });
  const shown = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${shown}:${server.port}`, close: () => server.stop(true) };
}

async function answer(request: Request, { about, metrics, unready }: AdminOptions): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return new Response('There is nothing to change here.\n', {
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
  switch (pathname) {
    case '/metrics': {
      const format = formatFor(request.headers.get('accept'));
      return new Response(metricsText(await metrics(), about, format), {
        headers: { 'content-type': mediaTypes[format], 'cache-control': 'no-store' },
      });
    }
    case '/healthz':
      return plain(200, 'alive');
    case '/readyz': {
      const reason = unready();
      return reason === null ? plain(200, 'ready') : plain(503, reason);
    }
    default:
      return plain(404, 'Here are /metrics, /healthz and /readyz.');
  }
}

function plain(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { 'cache-control': 'no-store' } });
}
