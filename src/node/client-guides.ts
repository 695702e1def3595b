/** How clients are pointed at the routes of a network: what each protocol says, with the address filled in by which a PoP is reached. */

import type { ClientRoutes } from '../access/api/clients-message.ts';
import type { ApiServices, ClientsAsked } from '../access/api/endpoint.ts';
import type { Network, RouteConfig } from '../config/network.ts';
import { MeridianError } from '../errors.ts';
import { type ClientGuide, type Step, textOf } from '../guide.ts';
import type { Protocol } from '../protocol.ts';
import { openRoutesOf } from './system.ts';

export interface GuidesOptions {
  readonly network: Network;
  readonly protocolOf: (route: string) => Protocol | null;
}

export function guidesOf({ network, protocolOf }: GuidesOptions): ApiServices['clients'] {
  const open = new Set(openRoutesOf(network));

  return (asked) => {
    const base = asked.given ?? addressOf(network, asked);
    const routes = network.routes.flatMap((route): ClientRoutes['routes'] => {
      const { name } = route;
      const protocol = protocolOf(name);
      if (protocol?.guides === undefined || !mayLearnOf(name, asked)) return [];
      const url = urlOf(route, base);
      const clients = protocol.guides({ route: name, url }).map(shown);
      return [{ route: name, protocol: protocol.id, url: `${url}/`, isOpen: open.has(name), clients }];
    });
    return { base, addresses: hasToken(asked) ? addressesOf(network) : [], routes };
  };
}

/** Whoever has a token may learn of every route; others of those that they may read. */
function mayLearnOf(route: string, asked: ClientsAsked): boolean {
  return (
    hasToken(asked) || asked.identity?.may({ action: 'read', route, subject: '', restricted: false }) === true
  );
}

function hasToken({ identity }: ClientsAsked): boolean {
  return identity === null || identity.token !== null;
}

function addressesOf({ nodes }: Network): ClientRoutes['addresses'] {
  return Object.values(nodes).flatMap(({ name: node, role, url, place }) =>
    role === 'pop' ? [{ node, url, place: place?.name ?? null }] : [],
  );
}

function addressOf({ nodes }: Network, { node, askedAt }: ClientsAsked): string {
  if (node !== null) {
    const named = Object.hasOwn(nodes, node) ? nodes[node] : undefined;
    if (named?.role === 'pop') return named.url;
    throw new MeridianError('no-such-record', `there is no PoP ${node}`);
  }
  if (askedAt !== null) return askedAt;
  const first = Object.values(nodes).find(({ role }) => role === 'pop');
  if (first !== undefined) return first.url;
  throw new MeridianError(
    'no-such-record',
    'this network has no PoP; say which address clients use, with base',
  );
}

/** A route that is found by its host has that one, with the port of the rest. */
function urlOf({ match: { hosts, path } }: RouteConfig, base: string): string {
  const url = new URL(base);
  const host = hosts.find((each) => !each.startsWith('*.'));
  if (host !== undefined && !hosts.includes(url.hostname)) url.hostname = host;
  return `${url.origin}${path}`;
}

type Client = ClientRoutes['routes'][number]['clients'][number];

function shown({ id, title, install, ...steps }: ClientGuide): Client {
  const { setUp, trust, logIn, check, undo } = steps;
  return {
    ...{ id, title, setUp: setUp.map(stepOf), trust: trust.map(stepOf) },
    ...{
      logIn: logIn.map(stepOf),
      check: check.map(stepOf),
      undo: undo.map(stepOf),
      install: install ?? null,
    },
  };
}

function stepOf(step: Step): Client['setUp'][number] {
  if (step.do === 'run') return { ...step };
  const { path, form, settings } = step.file;
  return { ...step, file: { path, form, settings: [...settings] }, text: textOf(step.file) };
}
