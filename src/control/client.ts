/**
 * The other end of the control API: what the commands ask a running node. Every failure is an `Error` with a
 * sentence that can be shown.
 */
import type { Clock } from '../clock.ts';
import type { ExplainRequest } from '../messages/explanation.ts';
import { type Snapshot, snapshotMessage } from '../telemetry/metrics/snapshot.ts';
import {
  type ApiAnswer,
  type ApiMessage,
  apiAnswer,
  type ExplainMessage,
  explainMessage,
  type PurgeMessage,
  type PurgeQuestion,
  purgeMessage,
  type ReloadMessage,
  reloadMessage,
  type StatusMessage,
  statusMessage,
  type VisitMessage,
} from './messages.ts';
import { sign } from './signature.ts';

export interface ControlClient {
  status(): Promise<StatusMessage>;
  reload(): Promise<ReloadMessage>;
  purge(request: PurgeQuestion): Promise<PurgeMessage>;
  /** Asks the API of an origin as whoever is on its machine. Fails where the node is none. */
  api(request: ApiMessage): Promise<ApiAnswer>;
  /** Asks the API as somebody who has come by the admin listener. */
  visit(request: VisitMessage): Promise<ApiAnswer>;
  metrics(): Promise<Snapshot>;
  explain(request: ExplainRequest): Promise<ExplainMessage>;
  drain(): Promise<void>;
}

/** A node that lives answers within milliseconds. */
const statusWithinMs = 2000;
/** A reload may run a config file and ask npm for its setting. */
const reloadWithinMs = 60_000;
/** A purge waits for the bus, or for the disk once for each of its targets; and then for as long as it was told to. */
const purgeWithinMs = 60_000;

/** What the API does takes a transaction, and the bus a moment. */
const apiWithinMs = 30_000;
/** Longer than a node waits for the origin on behalf of a visitor. */
const visitWithinMs = 110_000;

export function controlClient(url: string, secret: string, clock: Clock): ControlClient {
  async function ask(method: 'GET' | 'POST', path: string, withinMs: number, body = ''): Promise<Response> {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization: sign(secret, method, path, clock.now(), body) },
      ...(body === '' ? {} : { body }),
      signal: AbortSignal.timeout(withinMs),
      keepalive: false,
      // Variables such as http_proxy would otherwise hold for loopback, too.
      proxy: false,
    });
    if (answer.ok || answer.status === 422 || answer.status === 503) return answer;
    if (answer.status === 403) throw new Error('The node runs with another secret than the config has');
    throw new Error(`The node answers ${answer.status} to ${method} ${path}`);
  }

  return {
    status: async () => statusMessage.parse(await (await ask('GET', '/status', statusWithinMs)).json()),
    reload: async () => reloadMessage.parse(await (await ask('POST', '/reload', reloadWithinMs)).json()),
    async purge(request) {
      const answer = await ask(
        'POST',
        '/purge',
        purgeWithinMs + (request.waitMs ?? 0),
        JSON.stringify(request),
      );
      return purgeMessage.parse(await answer.json());
    },
    async api(request) {
      const answer = await ask('POST', '/api', apiWithinMs, JSON.stringify(request));
      return apiAnswer.parse(await answer.json());
    },
    async visit(request) {
      const answer = await ask('POST', '/visit', visitWithinMs, JSON.stringify(request));
      return apiAnswer.parse(await answer.json());
    },
    metrics: async () => snapshotMessage.parse(await (await ask('GET', '/metrics', statusWithinMs)).json()),
    async explain(request) {
      const answer = await ask('POST', '/explain', statusWithinMs, JSON.stringify(request));
      return explainMessage.parse(await answer.json());
    },
    async drain() {
      await ask('POST', '/drain', statusWithinMs);
    },
  };
}
