/**
 * A door to the real registry that can be shut: every byte comes from the registry that this machine's npm is set
 * to, but by way of a plain HTTP server on this machine, which counts and can be switched off and on again.
 */
import { freePort } from './ports.ts';

export interface Gateway extends AsyncDisposable {
  /** Without a trailing slash. */
  readonly url: string;
  /** Method and target of each request since the start or the last `forget`. */
  requests(): readonly string[];
  forget(): void;
  off(): Promise<void>;
  on(): Promise<void>;
}

/** Fields that belong to one connection, or that `fetch` has already acted upon. */
const hopByHop = ['connection', 'keep-alive', 'transfer-encoding', 'host', 'upgrade', 'te', 'trailer'];

export async function openGateway(registry: string): Promise<Gateway> {
  const port = await freePort();
  let requests: string[] = [];
  let server: Bun.Server<undefined> | null = null;

  async function pass(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    requests.push(`${request.method} ${pathname}${search}`);
    const answer = await fetch(registry.replace(/\/$/, '') + pathname + search, {
      method: request.method,
      headers: endToEnd(request.headers),
      body: request.body,
      decompress: false,
      signal: request.signal,
    });
    return new Response(answer.body, { status: answer.status, headers: endToEnd(answer.headers) });
  }

  const gateway: Gateway = {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    forget() {
      requests = [];
    },
    async off() {
      await server?.stop(true);
      server = null;
    },
    async on() {
      server ??= Bun.serve({
        hostname: '127.0.0.1',
        port,
        idleTimeout: 120,
        development: false,
        fetch: pass,
      });
    },
    [Symbol.asyncDispose]: () => gateway.off(),
  };
  await gateway.on();
  return gateway;
}

function endToEnd(fields: Headers): Headers {
  const kept = new Headers(fields);
  for (const name of hopByHop) kept.delete(name);
  return kept;
}
