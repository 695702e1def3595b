/**
 * The network's own route: `/.meridian/v1` at every PoP is the API of the origin. Requests take the way of any other that
 * no cache has to do with, and so do those that a node makes for itself.
 */

import type { ApiServices } from '../access/api/endpoint.ts';
import { apiBase, endpoints } from '../access/api/endpoints.ts';
import { type ApiAnswer, type ApiRequest, serveApi } from '../access/api/serve.ts';
import type { Network } from '../config/network.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { systemRoute } from '../messages/route.ts';
import type { Ask, Parent } from '../parent.ts';
import type { Protocol } from '../protocol.ts';
import type { Named, Pass } from '../resource.ts';
import { ownExchange } from './own-exchange.ts';
import type { Route } from './routes.ts';

/** Of what the API takes and gives at once. */
const maxBytes = 4 * 2 ** 20;

/** @param target below `/.meridian/v1`. */
export function apiBaseOf(target: string): string {
  return apiBase + target;
}

/** Routes that everybody may read; the API decides for itself. */
export function openRoutesOf({ routes }: Network): readonly string[] {
  return [systemRoute, ...routes.filter(({ access }) => access === 'open').map(({ name }) => name)];
}

/** @param services `null` where there are no records. */
export function systemRouteOf(services: ApiServices | null): Route {
  const protocol: Protocol = {
    id: 'meridian',
    name: named,
    covers: () => [],
    changed: () => null,
    pull: (ask) => pull(ask, services),
  };
  return { name: systemRoute, hosts: [], prefix: apiBase, protocol };
}

const reading: Pass = {
  as: 'pass',
  kind: 'api',
  why: 'bypass',
  ask: 'client',
  deed: { action: 'read', subject: '' },
};
const writing: Pass = { ...reading, why: 'method' };

/** By which address the client has asked: what tells him how to point others there has to know it. */
export const askedAtField = 'meridian-asked-at';
const guides = `${apiBase}/clients`;
const orders = `${apiBase}/prefetch`;

function named({ method, path, base, tier, headers }: Exchange): Named {
  const asked = tier === null ? base : (headers.get(askedAtField) ?? '');
  if (method !== 'GET' && method !== 'HEAD')
    return path === orders
      ? {
          ...writing,
          ask: [
            [askedAtField, asked],
            ['content-type', 'application/json'],
          ],
        }
      : writing;
  if (path !== guides) return reading;
  return { ...reading, ask: [[askedAtField, asked]] };
}

async function pull({ exchange }: Ask, services: ApiServices | null): Promise<Answer> {
  if (services === null) throw new MeridianError('internal', 'this origin has no records of access');
  const { tier, target, method } = exchange;
  const caller = tier?.caller;
  // What a node asks for itself has nobody behind it.
  const identity = caller === undefined ? 'node' : await services.register.identify(caller, exchange.nowMs);
  const by = identity === 'node' ? (tier?.node ?? '') : identity.name;
  const request: ApiRequest = {
    ...{ method, target: target.slice(apiBase.length), body: await bodyOf(exchange), identity },
    nowMs: exchange.nowMs,
    askedAt: exchange.headers.get(askedAtField) || null,
    actor: { by, token: caller?.token ?? null, from: caller?.address ?? null },
  };
  return jsonAnswer(await serveApi(endpoints, services, request));
}

async function bodyOf(exchange: Exchange): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of exchange.body() ?? []) {
    bytes += piece.length;
    if (bytes > maxBytes)
      throw new MeridianError('body-too-large', `the API takes ${maxBytes} bytes at once`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, bytes);
}

function jsonAnswer({ status, body }: ApiAnswer): Answer {
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  return { status, headers, body: new TextEncoder().encode(JSON.stringify(body)) };
}

/** Asks the origin on this node's own behalf. @returns what the JSON of a successful answer says. */
export async function askOrigin(
  parent: Parent,
  question: { readonly method: 'GET' | 'POST'; readonly path: string; readonly body?: unknown },
  { nowMs, startedMs }: { readonly nowMs: number; readonly startedMs: number },
): Promise<unknown> {
  const { method, path } = question;
  const target = apiBase + path;
  const body = question.body === undefined ? null : new TextEncoder().encode(JSON.stringify(question.body));
  const { deed: _, ...asking } = method === 'GET' ? reading : writing;
  const signal = AbortSignal.timeout(ownTimeoutMs);
  const answer = await parent({
    ...{
      exchange: ownExchange({ method, target, body, nowMs, startedMs }),
      named: asking,
      stored: null,
      background: false,
      reload: false,
      signal,
    },
  });
  const text = await new Response(answer.body).text();
  if (answer.status !== 200)
    throw new MeridianError('upstream-invalid', `the origin answers ${answer.status} to ${method} ${path}`);
  return JSON.parse(text);
}

const ownTimeoutMs = 5_000;
