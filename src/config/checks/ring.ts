/**
 * Whether the nodes of a ring are of one kind and can reach each other.
 */
import { isAnyAddress, isLoopback } from '../forms.ts';
import type { Mistake } from '../mistake.ts';
import type { ParsedNode } from '../schema.ts';
import type { Draft } from './draft.ts';
import { onSameMachine } from './machine.ts';

type Ring = NonNullable<ParsedNode['ring']>;

interface Placed {
  readonly name: string;
  readonly node: ParsedNode;
  readonly ring: Ring;
}

export function checkRings({ nodes }: Draft): Mistake[] {
  const placed = [...nodes].flatMap(([name, node]) => (node.ring ? [{ name, node, ring: node.ring }] : []));
  return placed.flatMap((one, index) => [
    ...checkRole(one),
    ...checkAddress(one, placed),
    ...checkPortRange(one),
    ...checkAlike(one, placed.slice(0, index)),
    ...checkShown(one, placed),
  ]);
}

function checkRole({ name, node: { role } }: Placed): Mistake[] {
  if (role !== 'origin') return [];
  const expected = 'none, because an origin is one process that keeps everything';
  return [{ path: `nodes.${name}.ring`, expected, found: 'a ring' }];
}

/** What others would use to reach it. */
function checkAddress({ name, node, ring }: Placed, all: readonly Placed[]): Mistake[] {
  const path = `nodes.${name}.ring.address`;
  const { address, host, tls } = ring;
  const scheme = tls === undefined ? 'http' : 'https';
  const expected = 'the address under which the other nodes of the ring reach the first worker';
  const hint = `Such as ${scheme}://10.0.0.5:${ring.port}`;
  if (address === undefined && isAnyAddress(host))
    return [{ path, expected, found: `nothing, and ${host} is no address to connect to`, hint }];
  if (address !== undefined && !/^https?:\/\/[^/]+$/.test(address))
    return [{ path, expected: `${scheme}://, a host and a port, without a path`, found: address }];
  if (address !== undefined && !address.startsWith(`${scheme}:`)) {
    const why = tls === undefined ? 'there is no `tls`' : 'there is `tls`';
    return [{ path, expected: `${scheme}://, because ${why} in this ring`, found: address }];
  }
  const reached = address === undefined ? host : (URL.parse(address)?.hostname ?? host);
  const far = all.find((other) => other.ring.name === ring.name && !onSameMachine(other.node, node));
  if (far === undefined || !isLoopback(reached.replace(/^\[|\]$/g, ''))) return [];
  return [{ path, expected, found: `${reached}, and ${far.name} is on another machine`, hint }];
}

function checkPortRange({ name, node: { workers }, ring: { port } }: Placed): Mistake[] {
  const last = port + (typeof workers === 'number' ? workers : 1) - 1;
  if (last <= 65_535) return [];
  const path = `nodes.${name}.ring.port`;
  return [{ path, expected: 'a port with one after it for each further worker', found: String(port) }];
}

/** Every member works out alike who keeps what. */
function checkAlike({ name, node, ring }: Placed, before: readonly Placed[]): Mistake[] {
  const first = before.find((other) => other.ring.name === ring.name);
  if (first === undefined) return [];
  const path = `nodes.${name}.ring`;
  const mistakes: Mistake[] = [];
  if (node.role !== first.node.role && node.role !== 'origin') {
    const expected = `the name of a ring of ${node.role}s, or a new one`;
    mistakes.push({
      path: `${path}.name`,
      expected,
      found: `'${ring.name}', the ring of ${first.name}, a ${first.node.role}`,
    });
  }
  if (ring.virtualNodes !== first.ring.virtualNodes) {
    const expected = `${first.ring.virtualNodes}, as ${first.name} has it`;
    mistakes.push({ path: `${path}.virtualNodes`, expected, found: String(ring.virtualNodes) });
  }
  if ((ring.tls === undefined) !== (first.ring.tls === undefined)) {
    const [expected, found] = ring.tls === undefined ? ['files', 'nothing'] : ['none', 'files'];
    mistakes.push({ path: `${path}.tls`, expected: `${expected}, as ${first.name} has it`, found });
  }
  return mistakes;
}

/** Who is asked for a certificate by the others of its ring has one. */
function checkShown({ name, node, ring }: Placed, all: readonly Placed[]): Mistake[] {
  if (node.tls?.cert !== undefined) return [];
  const strict = all.find(
    (other) => other.name !== name && other.ring.name === ring.name && other.ring.tls?.clientCa !== undefined,
  );
  if (strict === undefined) return [];
  const expected = `a PEM file, because ${strict.name} lets only members into the ring that show a certificate`;
  return [{ path: `nodes.${name}.tls.cert`, expected, found: 'nothing' }];
}
