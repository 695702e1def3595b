/**
 * The API as commands on the origin's own machine use it: whoever knows the secret of the network may do anything there.
 */
import type { ApiServices } from '../access/api/endpoint.ts';
import { endpoints } from '../access/api/endpoints.ts';
import { type ApiAnswer, serveApi } from '../access/api/serve.ts';

export interface OperatorRequest {
  readonly method: string;
  /** Below `/.meridian/v1`, with its query. */
  readonly target: string;
  /** What JSON can hold. */
  readonly body?: unknown;
}

export function operate(
  services: ApiServices,
  { method, target, body }: OperatorRequest,
  nowMs: number,
): Promise<ApiAnswer> {
  const bytes = new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body));
  const actor = { by: 'operator', token: null, from: null };
  return serveApi(endpoints, services, { method, target, body: bytes, actor, nowMs, identity: 'operator' });
}
