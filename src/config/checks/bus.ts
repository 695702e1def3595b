/**
 * Whether the nodes can all reach the bus.
 */
import type { Mistake } from '../mistake.ts';
import type { ParsedBus } from '../schema.ts';
import type { Draft } from './draft.ts';
import { onSameMachine } from './machine.ts';

const schemes = { local: [], nats: ['nats:', 'tls:'], redis: ['redis:', 'rediss:'] } as const;

export function checkBus(draft: Draft): Mistake[] {
  const { bus } = draft;
  if (bus === undefined) return [];
  return [...checkMachines(bus, draft), ...checkServers(bus), ...checkNodes(bus, draft)];
}

/** A file reaches as far as its machine. One that is named is taken to be meant. */
function checkMachines(bus: ParsedBus, { nodes }: Draft): Mistake[] {
  if (bus.driver !== 'local' || bus.path !== undefined) return [];
  const all = [...nodes];
  for (const [index, [name, node]] of all.entries()) {
    const far = all.slice(index + 1).find(([, other]) => !onSameMachine(node, other));
    if (far === undefined) continue;
    const expected = `nats({ … }) or redis({ … }), because ${name} and ${far[0]} are on different machines`;
    const hint = "If they are on one machine all the same, name its file: bus: local({ path: 'bus.sqlite' })";
    return [{ path: 'bus', expected, found: 'a local bus, which reaches the nodes of one machine', hint }];
  }
  return [];
}

function checkServers(bus: ParsedBus): Mistake[] {
  if (bus.driver === 'redis') return checkScheme('bus.url', bus.url, bus);
  if (bus.driver === 'nats')
    return bus.servers.flatMap((server, index) => checkScheme(`bus.servers[${index}]`, server, bus));
  return [];
}

function checkNodes(bus: ParsedBus, { nodes }: Draft): Mistake[] {
  return [...nodes].flatMap(
    ([
      name,
      {
        bus: { servers },
      },
    ]): Mistake[] => {
      const path = `nodes.${name}.bus.servers`;
      const found = servers.join(', ');
      if (servers.length > 0 && bus.driver === 'local')
        return [{ path, expected: 'none, because the bus of this network is local', found }];
      if (servers.length > 1 && bus.driver === 'redis')
        return [{ path, expected: 'one server, for Redis', found }];
      return servers.flatMap((server, index) => checkScheme(`${path}[${index}]`, server, bus));
    },
  );
}

function checkScheme(path: string, server: string, { driver }: ParsedBus): Mistake[] {
  const known: readonly string[] = schemes[driver];
  if (known.some((scheme) => server.startsWith(`${scheme}//`))) return [];
  return [{ path, expected: known.map((scheme) => `${scheme}//…`).join(' or '), found: server }];
}
