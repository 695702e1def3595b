/**
 * The control API of a node: how the commands of the same machine ask for its status and tell it to reload
 * or drain. It listens on loopback only and answers nobody without the network's secret.
 */

import type { Clock } from '../clock.ts';
import { parsedJson } from '../http/json.ts';
import { type ExplainRequest, explainRequest } from '../messages/explanation.ts';
import {
  type ApiAnswer,
  type ApiMessage,
  apiMessage,
  type PurgeRequest,
  purgeRequest,
  type ReloadMessage,
  type VisitMessage,
  visitMessage,
} from './messages.ts';
import { isSigned } from './signature.ts';

export interface ControlHandlers {
  /** Anything that JSON can hold, or the promise of it. */
  status(): unknown;
  /** A snapshot (`telemetry/metrics/snapshot.ts`). */
  metrics(): unknown;
  /** Loads the config again. Gives the reasons why the old one stays in force, if it does. */
  reload(): Promise<readonly string[]>;
  /** Purges all that is asked for, or gives the reasons why it does not. */
  purge(request: PurgeRequest): Promise<object>;
  /** Asks the API of the origin, on behalf of whoever is on its machine. `null`: this node is none. */
  api(request: ApiMessage): Promise<{ readonly status: number; readonly body: unknown } | null>;
  /** Asks the API on behalf of somebody who has come by the admin listener. */
  visit(request: VisitMessage): Promise<ApiAnswer>;
  /** What would become of a request, at each worker of the node (`explainMessage`). */
  explain(request: ExplainRequest): unknown;
  /** Begins to drain; does not wait. */
  drain(): void;
}

export interface ControlOptions {
  readonly host: string;
  readonly port: number;
  /** Asked for each time, because a reload may change it. */
  readonly secret: () => string;
  readonly handlers: ControlHandlers;
  readonly clock: Clock;
}

/** A thousand long URLs. */
const maxBodyBytes = 10 * 1024 * 1024;

export interface Control {
  readonly url: string;
  close(): Promise<void>;
}

export async function serveControl(options: ControlOptions): Promise<Control> {
  const server = Bun.serve({
    hostname: options.host,
    port: options.port,
    development: false,
    // Only a purge has a body.
    maxRequestBodySize: maxBodyBytes,
    // A reload waits for a config file, which may take seconds, and a purge for other nodes, up to a minute.
    idleTimeout: 120,
    fetch: (request) => answer(request, options),
    error: (error) => Response.json({ reasons: [error.message] }, { status: 500 }),
  });
  return { url: `http://${options.host}:${server.port}`, close: () => server.stop(true) };
}

async function answer(request: Request, { secret, handlers, clock }: ControlOptions): Promise<Response> {
  const path = request.url.slice(request.url.indexOf('/', 'http://'.length));
  const authorization = request.headers.get('authorization');
  const body = await request.text();
  if (!isSigned(authorization, secret(), request.method, path, clock.now(), body)) {
    return Response.json(
      { reasons: ['This is for those who know the secret of the network.'] },
      { status: 403 },
    );
  }
  switch (`${request.method} ${path}`) {
    case 'GET /status':
      return Response.json(await handlers.status());
    case 'GET /metrics':
      return Response.json(await handlers.metrics());
    case 'POST /reload':
      return reloaded(await handlers.reload());
    case 'POST /purge':
      return purged(body, handlers);
    case 'POST /explain':
      return explained(body, handlers);
    case 'POST /api':
      return asked(body, handlers);
    case 'POST /visit':
      return visited(body, handlers);
    case 'POST /drain':
      handlers.drain();
      return Response.json({}, { status: 202 });
    default:
      return Response.json({ reasons: [`There is no ${request.method} ${path}.`] }, { status: 404 });
  }
}

async function purged(body: string, handlers: ControlHandlers): Promise<Response> {
  const request = purgeRequestIn(body);
  if ('reasons' in request) return Response.json({ ...request, because: 'targets' }, { status: 422 });
  const message = await handlers.purge(request);
  const status = !('because' in message) ? 200 : message.because === 'bus' ? 503 : 422;
  return Response.json(message, { status });
}

async function explained(body: string, handlers: ControlHandlers): Promise<Response> {
  const { data } = explainRequest.safeParse(parsedJson(body));
  if (data === undefined)
    return Response.json({ reasons: ['That is no request that could be explained.'] }, { status: 422 });
  return Response.json(await handlers.explain(data));
}

async function asked(body: string, handlers: ControlHandlers): Promise<Response> {
  const { data } = apiMessage.safeParse(parsedJson(body));
  if (data === undefined)
    return Response.json({ reasons: ['That is no request to the API.'] }, { status: 422 });
  const answer = await handlers.api(data);
  if (answer === null)
    return Response.json({ reasons: ['This node is no origin, which keeps the records.'] }, { status: 409 });
  return Response.json(answer);
}

async function visited(body: string, handlers: ControlHandlers): Promise<Response> {
  const { data } = visitMessage.safeParse(parsedJson(body));
  if (data === undefined)
    return Response.json({ reasons: ['That is no request to the API.'] }, { status: 422 });
  return Response.json(await handlers.visit(data));
}

/** What is asked for, or why that cannot be told. */
function purgeRequestIn(body: string): PurgeRequest | { readonly reasons: readonly string[] } {
  const { data, error } = purgeRequest.safeParse(parsedJson(body));
  if (data !== undefined) return data;
  return {
    reasons: error.issues.map(({ path, message }) => `${path.join('.') || 'the request'}: ${message}`),
  };
}

function reloaded(reasons: readonly string[]): Response {
  const message: ReloadMessage = { reasons: [...reasons] };
  return Response.json(message, { status: reasons.length === 0 ? 200 : 422 });
}
