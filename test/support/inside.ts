/**
 * A network whose nodes all live in this process, each with a clock and a bus of its own that a test can meddle with. They
 * talk HTTP to each other as always.
 *
 *     await using network = await startInside({ nodes, routes }, { bus: (name) => hub.join(name) });
 *     await fetch(`${network.url('pop')}/page`);
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Bus } from '../../src/bus.ts';
import { type Clock, systemClock } from '../../src/clock.ts';
import { type Network, parseNetwork } from '../../src/config/network.ts';
import type { NetworkInput } from '../../src/index.ts';
import { type RunningNode, startNode } from '../../src/node/start.ts';
import { openLog } from '../../src/telemetry/log.ts';
import { freePort } from './ports.ts';
import { temporary } from './temporary.ts';

type NodeInput = NetworkInput['nodes'][string];

export interface InsideSketch extends Omit<NetworkInput, 'nodes' | 'dataDir'> {
  readonly nodes: Readonly<Record<string, Omit<NodeInput, 'listen' | 'dataDir' | 'accessLog'>>>;
}

export interface InsideOptions {
  /** Opened when the node starts, closed after it has stopped. */
  readonly bus: (name: string) => Bus | Promise<Bus>;
  readonly clock?: (name: string) => Clock;
}

export interface InsideNetwork extends AsyncDisposable {
  readonly config: Network;
  node(name: string): RunningNode;
  /** Without a trailing slash. */
  url(name: string): string;
  /** Lines of the log, of all nodes. */
  readonly lines: readonly string[];
  stop(name: string): Promise<void>;
  start(name: string): Promise<void>;
}

export async function startInside(sketch: InsideSketch, options: InsideOptions): Promise<InsideNetwork> {
  const folder = temporary('inside');
  const nodes: Record<string, NodeInput> = {};
  for (const [name, node] of Object.entries(sketch.nodes))
    nodes[name] = { ...node, listen: [{ port: await freePort() }], accessLog: { format: 'off' } };
  const input = {
    secret: randomBytes(32).toString('hex'),
    ...sketch,
    nodes,
    dataDir: join(folder.path, 'data'),
  };
  const parsed = parseNetwork(input, { configDir: folder.path, env: {}, overrides: {} });
  if (!parsed.ok) throw new Error(parsed.mistakes.map(({ path, found }) => `${path}: ${found}`).join('\n'));
  const config = parsed.network;
  const running = new Map<string, { node: RunningNode; bus: Bus }>();
  const lines: string[] = [];

  async function start(name: string): Promise<void> {
    const clock = options.clock?.(name) ?? systemClock;
    const bus = await options.bus(name);
    const log = openLog({
      level: 'info',
      format: 'json',
      write: (line: string) => void lines.push(line),
      clock,
    });
    running.set(name, { node: await startNode(config, name, { clock, log, bus }), bus });
  }

  async function stop(name: string): Promise<void> {
    const found = running.get(name);
    running.delete(name);
    await found?.node.drain();
    await found?.bus.close();
  }

  function node(name: string): RunningNode {
    const found = running.get(name);
    if (!found) throw new Error(`${name} does not run`);
    return found.node;
  }

  for (const name of Object.keys(nodes)) await start(name);
  return {
    config,
    node,
    url: (name) => config.nodes[name]?.url ?? '',
    lines,
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await Promise.all([...running.keys()].map(stop));
      folder[Symbol.dispose]();
    },
  };
}
