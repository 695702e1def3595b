/**
 * What the command line and the environment may change about a network, without another config file.
 * A flag beats a variable, and both beat the file.
 */

import { suggest } from '../messages/suggest.ts';
import { listenHost } from './forms.ts';
import { describe, type Mistake } from './mistake.ts';
import type { ParsedNode } from './schema.ts';
import type { Environment } from './variables.ts';

export interface Overrides {
  /** Absolute path (`--data`, `MERIDIAN_DATA`). */
  readonly dataDir?: string | undefined;
  /** For every listener (`--host`, `MERIDIAN_HOST`). */
  readonly host?: string | undefined;
  /** For the first listener of a node, by the node's name (`--port pop-a=8080`). */
  readonly ports?: Readonly<Record<string, number>> | undefined;
  /** Shifts all ports of the network so that the lowest is this one (`--port-base`). */
  readonly portBase?: number | undefined;
}

/** `MERIDIAN_PORT_POP_A` for `pop-a`. */
export function portVariable(node: string): string {
  return `MERIDIAN_PORT_${node.toUpperCase().replaceAll('-', '_')}`;
}

/** The valid ones of the nodes, with other hosts and ports. Order: shift, then variables, then flags. */
export function override(
  nodes: ReadonlyMap<string, ParsedNode>,
  nodeNames: ReadonlySet<string>,
  overrides: Overrides,
  env: Environment,
): { nodes: Map<string, ParsedNode>; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const shift = portShift(nodes, overrides.portBase);
  const host = chosenHost(overrides, env, mistakes);
  const changed = new Map<string, ParsedNode>();
  for (const [name, node] of nodes) {
    const listen = node.listen.map((listener, index) => {
      const shifted = listener.port === 0 ? 0 : listener.port + shift;
      const port = index === 0 ? (chosenPort(name, overrides, env, mistakes) ?? shifted) : shifted;
      return { ...listener, host: host ?? listener.host, port };
    });
    const admin = node.admin && shiftedAdmin(node.admin, shift);
    changed.set(name, { ...node, listen, admin, ring: node.ring && shiftedRing(node.ring, shift) });
  }
  if (shift !== 0) checkRange(changed, mistakes);
  return { nodes: changed, mistakes: [...mistakes, ...unknownNodes([...nodeNames], overrides)] };
}

function shiftedAdmin(admin: NonNullable<ParsedNode['admin']>, shift: number): ParsedNode['admin'] {
  return admin.port === 0 ? admin : { ...admin, port: admin.port + shift };
}

/** Where the file says by which address it is reached, it says so of its port. */
function shiftedRing(ring: NonNullable<ParsedNode['ring']>, shift: number): ParsedNode['ring'] {
  return ring.address === undefined ? { ...ring, port: ring.port + shift } : ring;
}

function portShift(nodes: ReadonlyMap<string, ParsedNode>, base: number | undefined): number {
  if (base === undefined) return 0;
  const ports = [...nodes.values()]
    .flatMap(({ listen }) => listen.map(({ port }) => port))
    .filter((port) => port !== 0);
  return ports.length === 0 ? 0 : base - Math.min(...ports);
}

function checkRange(nodes: ReadonlyMap<string, ParsedNode>, mistakes: Mistake[]): void {
  const highest = Math.max(...[...nodes.values()].flatMap(({ listen }) => listen.map(({ port }) => port)));
  if (highest <= 65_535) return;
  mistakes.push({
    path: '--port-base',
    expected: 'a lower port',
    found: `one that puts a listener at port ${highest}`,
  });
}

function chosenHost(overrides: Overrides, env: Environment, mistakes: Mistake[]): string | undefined {
  const given = overrides.host ?? (env.MERIDIAN_HOST || undefined);
  if (given === undefined) return undefined;
  const host = listenHost(given);
  if (host !== undefined) return host;
  const path = overrides.host === undefined ? 'MERIDIAN_HOST' : '--host';
  mistakes.push({ path, expected: 'an IP address or host name', found: describe(given) });
  return undefined;
}

/**
 * Variables are looked up by the names of the nodes, and others of the same form are left alone: container
 * platforms set such ones for services (`MERIDIAN_PORT_80_TCP`).
 */
function chosenPort(
  node: string,
  overrides: Overrides,
  env: Environment,
  mistakes: Mistake[],
): number | undefined {
  const flag = overrides.ports?.[node];
  if (flag !== undefined) return flag;
  const written = env[portVariable(node)];
  if (written === undefined || written === '') return undefined;
  if (/^\d{1,5}$/.test(written) && Number(written) <= 65_535) return Number(written);
  mistakes.push({ path: portVariable(node), expected: 'a port from 0 to 65535', found: describe(written) });
  return undefined;
}

function unknownNodes(names: readonly string[], overrides: Overrides): Mistake[] {
  const unknown = Object.keys(overrides.ports ?? {}).filter((name) => !names.includes(name));
  return unknown.map((name) => ({
    path: '--port',
    expected: `the name of a node: ${names.join(', ')}`,
    found: describe(name),
    ...suggest(name, names),
  }));
}
