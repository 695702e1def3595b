/**
 * Carries out a request to the API: finds its endpoint, checks who asks and what he sends, and makes JSON of what comes of it.
 */
import type { z } from 'zod';
import { asMeridianError, MeridianError } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import type { Actor } from '../register/actor.ts';
import { administers } from './administers.ts';
import { unknownField } from './body.ts';
import type { ApiServices, Endpoint } from './endpoint.ts';

export interface ApiRequest {
  readonly method: string;
  /** Below `/.meridian/v1`, with its query. */
  readonly target: string;
  readonly body: Uint8Array;
  readonly actor: Actor;
  readonly nowMs: number;
  /** By which address a client has asked for it; absent: nobody has. */
  readonly askedAt?: string | null;
  /** Who asks; `node`: a node for itself; `operator`: somebody on the origin's own machine, who may do anything. */
  readonly identity: Identity | 'node' | 'operator';
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Never fails: what goes wrong is an answer, too. */
export async function serveApi(
  endpoints: readonly Endpoint[],
  services: ApiServices,
  request: ApiRequest,
): Promise<ApiAnswer> {
  try {
    return { status: 200, body: await call(endpoints, services, request) };
  } catch (thrown) {
    const { code, detail, row, explanation } = asMeridianError(thrown);
    return { status: row.status, body: { error: explanation, code, detail } };
  }
}

async function call(
  endpoints: readonly Endpoint[],
  services: ApiServices,
  request: ApiRequest,
): Promise<unknown> {
  const [path = '', query = ''] = request.target.split('?', 2);
  const { endpoint, names } = findEndpoint(endpoints, request.method, path);
  checkAudience(endpoint, request.identity);
  const { actor, identity, nowMs } = request;
  const result = await endpoint.run({
    ...{ ...services, actor, names, nowMs, query: new URLSearchParams(query) },
    askedAt: request.askedAt ?? null,
    identity: typeof identity === 'string' ? null : identity,
    input: endpoint.input === null ? undefined : inputOf(endpoint, endpoint.input, request.body),
  });
  return endpoint.output.parse(result);
}

function findEndpoint(endpoints: readonly Endpoint[], method: string, path: string) {
  let isThere = false;
  for (const endpoint of endpoints) {
    const names = namesIn(endpoint.path, path);
    if (names === null) continue;
    if (endpoint.method === method) return { endpoint, names };
    isThere = true;
  }
  if (isThere) throw new MeridianError('method-not-allowed', `the API has no ${method} ${path}`);
  throw new MeridianError('no-such-record', `the API has nothing at ${path}`);
}

/** `null` when the path is another one. */
function namesIn(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return null;
  const names: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const text = decoded(given[at] ?? '');
    if (text === null) return null;
    if (!part.startsWith(':')) {
      if (part !== text) return null;
    } else if (text === '') return null;
    else names[part.slice(1)] = text;
  }
  return names;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // not a path that anything could have
  }
}

function checkAudience({ audience }: Endpoint, identity: ApiRequest['identity']): void {
  if (identity === 'operator' || audience === 'anybody') return;
  if (audience === 'operator')
    throw new MeridianError('forbidden', 'this can be done on the machine of the origin alone');
  if (audience === 'node' || identity === 'node') {
    if (audience === 'node' && identity === 'node') return;
    throw new MeridianError('forbidden', 'this is for nodes of the network alone');
  }
  if (identity.token === null) throw new MeridianError('unauthenticated', 'This needs a token.');
  if (audience === 'admin' && !administers(identity))
    throw new MeridianError('forbidden', `${identity.name} does not administer this network`);
}

function inputOf({ audience }: Endpoint, type: z.ZodType, body: Uint8Array): unknown {
  const given = parsedJson(body);
  if (given === undefined) throw new MeridianError('request-malformed', 'the body is not JSON');
  // A node may be of a later version, which says more.
  const unknown = audience === 'node' ? null : unknownField(type, given);
  if (unknown !== null) throw new MeridianError('request-malformed', unknown);
  const parsed = type.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue && issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  throw new MeridianError('request-malformed', `${where}${issue?.message ?? 'not what this takes'}`);
}

function parsedJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined; // which no JSON is
  }
}
