/**
 * A network as it is run: two PoPs of two machines each, two shields, an origin, a bus; each node on a machine of its own
 * (`machines.ts`), each member of a PoP with two workers. Every line that leaves a building goes through a faulty proxy:
 *
 *     a1 a2 ──┬── shield-1 ──┬── origin ── upstream
 *     b1 b2 ──┴── shield-2 ──┘
 */
import { nats, web } from '../../src/index.ts';
import { type FaultyProxy, startProxy } from '../faults/proxy.ts';
import { type Daemon, startNats } from './daemon.ts';
import { type Machines, startMachines } from './machines.ts';
import { type Sketch, type SketchedNode, startNetwork, type TestNetwork } from './network.ts';
import { freePorts } from './ports.ts';

export const members = ['a1', 'a2', 'b1', 'b2'] as const;
export const shields = ['shield-1', 'shield-2'] as const;
export const workersEach = 2;

export interface Pops extends AsyncDisposable {
  readonly network: TestNetwork;
  readonly machines: Machines;
  /** The lines to these nodes, to the upstream, and to the bus. */
  readonly lines: Readonly<Record<(typeof shields)[number] | 'origin' | 'upstream' | 'bus', FaultyProxy>>;
}

export interface PopsOptions {
  /** Of the only upstream, on loopback. */
  readonly upstreamPort: number;
  /** Of each way through a line between nodes. */
  readonly latencyMs?: number;
  /** Config of all nodes. */
  readonly node?: Partial<SketchedNode>;
}

export async function startPops({ upstreamPort, latencyMs = 0, node = {} }: PopsOptions): Promise<Pops> {
  const machines = await startMachines([...members, ...shields, 'origin']);
  const bus = await startNats();
  const lineTo = async (target: { host?: string; port: number }) => {
    const line = await startProxy(target, machines.address);
    line.weather({ latencyMs });
    return line;
  };
  const targets = { 'shield-1': { port: 0 }, 'shield-2': { port: 0 }, origin: { port: 0 } };
  const lines = {
    'shield-1': await lineTo(targets['shield-1']),
    'shield-2': await lineTo(targets['shield-2']),
    origin: await lineTo(targets.origin),
    upstream: await lineTo({ port: upstreamPort }),
    bus: await lineTo({ port: bus.port }),
  };
  lines.bus.weather({});
  const sketch: Sketch = {
    bus: nats({ servers: [`nats://${machines.address}:${lines.bus.port}`] }),
    nodes: {
      origin: { role: 'origin', url: lines.origin.url, ...node },
      'shield-1': { role: 'shield', parents: ['origin'], url: lines['shield-1'].url, ...node },
      'shield-2': { role: 'shield', parents: ['origin'], url: lines['shield-2'].url, ...node },
      ...(await popOf('a', ['shield-1', 'shield-2'], machines, node)),
      ...(await popOf('b', ['shield-2', 'shield-1'], machines, node)),
    },
    routes: [web({ upstream: lines.upstream.url })],
  };
  const network = await startNetwork(sketch, { on: (name) => machines.machine(name) });
  for (const name of [...shields, 'origin'] as const)
    Object.assign(targets[name], { host: machines.machine(name).address, port: network.node(name).port });
  return {
    network,
    machines,
    lines,
    [Symbol.asyncDispose]: () => close(network, Object.values(lines), bus, machines),
  };
}

async function close(
  network: TestNetwork,
  lines: readonly FaultyProxy[],
  bus: Daemon,
  machines: Machines,
): Promise<void> {
  for (const line of lines) line.weather({});
  await network.stop();
  for (const line of lines) await line.off();
  await bus[Symbol.asyncDispose]();
  await machines[Symbol.asyncDispose]();
}

/** Two members, of one ring. */
async function popOf(
  pop: string,
  parents: readonly string[],
  machines: Machines,
  node: Partial<SketchedNode>,
): Promise<Record<string, SketchedNode>> {
  const sketched: Record<string, SketchedNode> = {};
  for (const name of [`${pop}1`, `${pop}2`]) {
    const ring = { name: pop, host: machines.machine(name).address, port: await freePorts(workersEach) };
    sketched[name] = { role: 'pop', parents: [...parents], workers: workersEach, ring, ...node };
  }
  return sketched;
}
