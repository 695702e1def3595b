/**
 * Whether the nodes can all listen where they are told to, and others can reach them there.
 */
import { overlap } from '../forms.ts';
import type { Mistake } from '../mistake.ts';
import type { ParsedNode } from '../schema.ts';
import type { Draft } from './draft.ts';
import { differentMachines, onSameMachine } from './machine.ts';

export function checkListeners(draft: Draft): Mistake[] {
  const each = [...draft.nodes].flatMap(([name, node]) => [
    ...checkReachable(name, node, draft),
    ...checkWorkers(name, node),
    ...node.listen.flatMap((_, index) => checkListener(name, node, index)),
  ]);
  return [...each, ...checkPorts(draft)];
}

function checkReachable(name: string, node: ParsedNode, { nodes }: Draft): Mistake[] {
  if (node.url !== undefined) return [];
  const door = node.listen.find(({ proxyProtocol }) => !proxyProtocol);
  if (node.http2 === true && door !== undefined && door.tls === undefined && door.http2 !== true) {
    const expected = 'false, or `http2: true` on the listener that other nodes use, which is the first';
    return [{ path: `nodes.${name}.http2`, expected, found: 'true' }];
  }
  const asked = [...nodes.values()].some(({ parents }) => parents.includes(name));
  const path = `nodes.${name}.url`;
  const expected = 'the address under which other nodes reach this one';
  if (asked && node.listen.every(({ proxyProtocol }) => proxyProtocol)) {
    return [{ path, expected, found: 'nothing, and every listener wants the PROXY protocol' }];
  }
  if (asked && door?.port === 0) {
    return [{ path, expected, found: 'nothing, and port 0 is not known beforehand' }];
  }
  return [];
}

/** An origin's stores belong to one process. */
function checkWorkers(name: string, { role, workers }: ParsedNode): Mistake[] {
  if (workers === undefined || workers === 1 || role !== 'origin') return [];
  const expected = '1, because an origin is one process';
  return [{ path: `nodes.${name}.workers`, expected, found: String(workers) }];
}

function checkListener(name: string, node: ParsedNode, index: number): Mistake[] {
  const listener = node.listen[index];
  const path = `nodes.${name}.listen[${index}]`;
  if (listener === undefined) return [];
  if (listener.tls !== undefined) return [];
  const mistakes: Mistake[] = [];
  if (listener.http3) {
    const expected = 'false, or a listener with tls';
    mistakes.push({ path: `${path}.http3`, expected, found: 'true without tls' });
  }
  if (listener.http2 === true && listener.informational) {
    const expected = 'false, or a listener with tls or without informational';
    mistakes.push({ path: `${path}.http2`, expected, found: 'true without tls' });
  }
  return mistakes;
}

interface Door {
  readonly path: string;
  readonly host: string;
  readonly port: number;
}

/** All that a node listens at. How many workers it has unless the config says a number, only its machine knows: the first one counts. */
function doorsOf(name: string, { listen, ring, workers, admin }: ParsedNode): Door[] {
  const doors = listen.map(({ host, port }, index) => ({
    path: `nodes.${name}.listen[${index}]`,
    host,
    port,
  }));
  const members = ring
    ? Array.from({ length: typeof workers === 'number' ? workers : 1 }, (_, at) => at)
    : [];
  const { host = '', port = 0 } = ring ?? {};
  if (admin !== undefined) doors.push({ path: `nodes.${name}.admin`, host: admin.host, port: admin.port });
  return [...doors, ...members.map((at) => ({ path: `nodes.${name}.ring`, host, port: port + at }))];
}

/** Two listeners at the same port of the same machine. */
function checkPorts({ nodes }: Draft): Mistake[] {
  const taken: (Door & { readonly node: ParsedNode })[] = [];
  const mistakes: Mistake[] = [];
  for (const [name, node] of nodes) {
    for (const { path, host, port } of doorsOf(name, node)) {
      const clash = taken.find(
        (other) => other.port === port && overlap(other.host, host) && onSameMachine(other.node, node),
      );
      taken.push({ path, host, port, node });
      if (port === 0 || clash === undefined) continue;
      const hint = clash.node === node ? {} : { hint: differentMachines };
      mistakes.push({
        path: `${path}.port`,
        expected: 'a port of its own',
        found: `${port}, the port of ${clash.path}`,
        ...hint,
      });
    }
  }
  return mistakes;
}
