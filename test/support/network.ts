/**
 * A network of real nodes for a test: one process each, on free ports, with data folders of their own, and
 * gone when the test is. A node has one worker unless the test says more.
 *
 *     await using network = await startNetwork({
 *       nodes: { origin: { role: 'origin' }, pop: { role: 'pop', parents: ['origin'] } },
 *       routes: [npm({ upstreams: [{ url: registry.url }] })],
 *     });
 *     const seen = await network.during(() => fetch(`${network.url('pop')}/left-pad`));
 *     expect(seen.asked('origin')).toHaveLength(1);
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../../src/clock.ts';
import { controlClient } from '../../src/control/client.ts';
import { type StatusMessage, statusMessage } from '../../src/control/messages.ts';
import { readNodeFile } from '../../src/control/node-file.ts';
import type { NetworkInput } from '../../src/index.ts';
import { type Asked, readAccessLog } from './access-log.ts';
import type { Machine } from './machines.ts';
import { freePort } from './ports.ts';
import { type Running, runMeridian, startMeridian } from './process.ts';
import { temporary } from './temporary.ts';
import { eventually, within } from './wait.ts';

type NodeInput = NetworkInput['nodes'][string];

/** A config without what the test network sees to: addresses, data folders, access logs, the secret. */
export interface Sketch extends Omit<NetworkInput, 'nodes' | 'dataDir'> {
  readonly nodes: Readonly<Record<string, SketchedNode>>;
}

export interface SketchedNode extends Omit<NodeInput, 'listen' | 'dataDir' | 'accessLog'> {
  /** What is asked of it can be read (`asked`, `during`) only where that is JSON, and whole. */
  readonly accessLog?: Omit<NonNullable<NodeInput['accessLog']>, 'path'>;
  /** Of its listener. */
  readonly informational?: boolean;
  /** Another listener, by which other nodes reach it. */
  readonly tierDoor?: Omit<NodeInput['listen'][number], 'port'>;
}

export interface TestNode {
  readonly name: string;
  readonly port: number;
  /** Without a trailing slash. */
  readonly url: string;
  /** The process that runs it now. */
  readonly process: Running;
  /** What it was asked since the beginning, across restarts; the last tenth of a second may be missing. */
  asked(): Asked[];
  /** What it says about itself, as `meridian status` would show it. */
  status(): Promise<StatusMessage>;
  /** Asks the API of an origin as an operator; fails unless that succeeds. */
  api(method: 'GET' | 'POST' | 'PUT' | 'DELETE', target: string, body?: unknown): Promise<unknown>;
  kill9(): Promise<void>;
  /** Starts it again, after `kill9` or `stop`, and waits until it serves. */
  restart(): Promise<void>;
  /** Lets it drain, and gives its exit code. */
  stop(): Promise<number>;
}

export interface Seen<T> {
  readonly result: T;
  /** What the node was asked meanwhile, oldest first; but for what other nodes ask it for themselves, every few seconds. */
  asked(node: string): readonly Asked[];
}

export interface TestNetwork extends AsyncDisposable {
  /** Holds the config file, data folders and logs. */
  readonly dir: string;
  readonly configFile: string;
  readonly secret: string;
  node(name: string): TestNode;
  /** The address of a node, without a trailing slash. */
  url(name: string): string;
  /** Does something, and gives what all nodes were asked meanwhile. */
  during<T>(task: () => Promise<T>): Promise<Seen<T>>;
  /** Writes another config file; addresses and folders stay. No node looks at it before it is told to. */
  rewrite(sketch: Sketch): void;
  stop(): Promise<void>;
}

export interface NetworkOptions {
  /** Instead of a temporary folder. */
  readonly dir?: string;
  /** Which machine a node runs on: where it listens, and what stands before its command. Without it, this one. */
  readonly on?: (node: string) => Pick<Machine, 'address' | 'enter'>;
}

/** For a node to serve: a busy machine may have many to start at once. */
const startMs = 30_000;

const here = { address: '127.0.0.1', enter: [] } as const;

export async function startNetwork(sketch: Sketch, options: NetworkOptions = {}): Promise<TestNetwork> {
  const folder = options.dir === undefined ? temporary('network') : null;
  const dir = options.dir ?? folder?.path ?? '';
  const configFile = join(dir, 'meridian.config.ts');
  const secret = sketch.secret ?? randomBytes(32).toString('hex');
  const { on = () => here } = options;
  const ports = new Map<string, number>();
  const tierPorts = new Map<string, number>();
  for (const [name, { tierDoor }] of Object.entries(sketch.nodes)) {
    ports.set(name, await freePort());
    if (tierDoor) tierPorts.set(name, await freePort());
  }
  mkdirSync(join(dir, 'logs'), { recursive: true });

  function rewrite(next: Sketch): void {
    const nodes = Object.entries(next.nodes).map(([name, sketched]) => {
      const { informational = false, tierDoor, ...node } = sketched;
      const accessLog = { format: 'json', ...sketched.accessLog, path: accessLogOf(dir, name) };
      const host = on(name).address;
      const forTiers = tierDoor ? [{ ...tierDoor, host, port: tierPorts.get(name) }] : [];
      const listen = [...forTiers, { host, port: ports.get(name), informational }];
      return [name, { workers: 1, ...node, listen, accessLog }];
    });
    const config = { ...next, secret, dataDir: join(dir, 'data'), nodes: Object.fromEntries(nodes) };
    writeFileSync(configFile, `export default ${JSON.stringify(config, undefined, 2)};\n`);
  }

  rewrite(sketch);
  const nodes = new Map<string, TestNode>();
  const stop = async () => {
    await Promise.all([...nodes.values()].map((node) => node.stop()));
    folder?.[Symbol.dispose]();
  };
  try {
    const started = [...ports].map(([name, port]) =>
      startNode(name, port, { dir, configFile, secret, ...on(name) }),
    );
    // All of them, even where one fails: what has started has to be stopped.
    const results = await Promise.allSettled(started);
    for (const result of results) {
      if (result.status === 'fulfilled') nodes.set(result.value.name, result.value);
    }
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  } catch (error) {
    await stop();
    throw error;
  }

  function node(name: string): TestNode {
    const found = nodes.get(name);
    if (!found) throw new Error(`the test network has no node "${name}"`);
    return found;
  }

  /** Until all that was asked so far is in the logs. */
  const reachMarks = () =>
    Promise.all(
      [...nodes.values()].map((each) =>
        reachMark(each, sketch.nodes[each.name]?.workers === undefined ? 1 : marksForWorkers),
      ),
    );

  return {
    dir,
    configFile,
    secret,
    node,
    url: (name) => node(name).url,
    rewrite,
    stop,
    async during(task) {
      // What was asked before may be on its way to the log still.
      await reachMarks();
      const before = new Map([...nodes.values()].map(({ name, asked }) => [name, asked().length]));
      const result = await task();
      await reachMarks();
      return {
        result,
        asked: (name) =>
          node(name)
            .asked()
            .slice(before.get(name))
            .filter((one) => !isMark(one) && !isOfNodes(one)),
      };
    },
    [Symbol.asyncDispose]: stop,
  };
}

function isOfNodes({ target }: Asked): boolean {
  return /^\/\.meridian\/v1\/nodes\/(told|everyone|report)$/.test(target);
}

interface Place {
  readonly dir: string;
  readonly configFile: string;
  readonly secret: string;
  readonly address: string;
  readonly enter: readonly string[];
}

async function startNode(name: string, port: number, place: Place): Promise<TestNode> {
  const { dir, configFile, secret, address, enter } = place;
  let starts = 0;

  function run(): Running {
    starts++;
    const outputPath = join(dir, 'logs', `${name}.${starts}.out`);
    return startMeridian(['serve', '--as', name, '--config', configFile], { cwd: dir, outputPath, enter });
  }

  async function serving(): Promise<void> {
    const serves = () => {
      const output = running.output();
      if (!running.running) throw new Error(`${name} ended instead of serving:\n${lastLines(output)}`);
      return output.includes('"message":"serving"');
    };
    await eventually(`${name} to serve`, serves, { withinMs: startMs }).catch((error) => {
      running.signal('SIGKILL');
      throw error;
    });
  }

  async function control() {
    const file = await readNodeFile(join(dir, 'data', name));
    if (file?.pid !== running.pid) throw new Error(`${name} has not said yet where it can be asked`);
    return controlClient(file.control, secret, systemClock);
  }

  let running = run();
  await serving();
  return {
    name,
    port,
    url: `http://${address}:${port}`,
    get process() {
      return running;
    },
    asked: () => readAccessLog(accessLogOf(dir, name)),
    async status() {
      if (enter.length > 0) return statusThere(name, { ...place, enter });
      return (await control()).status();
    },
    async api(method, target, body) {
      const answer = await (await control()).api({ method, target, body });
      if (answer.status !== 200) throw new Error(`${method} ${target}: ${JSON.stringify(answer)}`);
      return answer.body;
    },
    kill9: () => running.kill9(),
    async restart() {
      running = run();
      await serving();
    },
    async stop() {
      running.signal('SIGTERM');
      return within(10_000, `${name} to drain`, running.exited).catch(async (error) => {
        await running.kill9();
        throw error;
      });
    },
  };
}

/** The control API listens on the machine's own loopback interface: only a command that runs there can ask. */
async function statusThere(name: string, { dir, configFile, enter }: Place): Promise<StatusMessage> {
  const args = ['status', '--json', '--node', name, '--config', configFile];
  const { stdout, stderr } = await runMeridian(args, { cwd: dir, enter });
  const [said] = z.array(z.unknown()).parse(JSON.parse(stdout || '[]'));
  const status = statusMessage.safeParse(said);
  if (!status.success) throw new Error(`${name} does not say how it is: ${stdout}${stderr}`);
  return status.data;
}

function accessLogOf(dir: string, name: string): string {
  return join(dir, 'logs', `${name}.access.log`);
}

/** So many connections, and hardly a worker has none of them. */
const marksForWorkers = 10;

/** Every process refuses and logs this; when the line is there, so are all the lines that it wrote before. */
async function reachMark(node: TestNode, times: number): Promise<void> {
  if (!node.process.running) return;
  const mark = `/mark-${randomBytes(6).toString('hex')}`;
  const send = () => fetch(node.url + mark, { method: markMethod, keepalive: false });
  await Promise.all(Array.from({ length: times }, send));
  await eventually(
    `the access log of ${node.name} to be written`,
    () => node.asked().filter((one) => one.target === mark).length === times,
  );
}

const markMethod = 'TRACE';

function isMark(one: Asked): boolean {
  return one.method === markMethod && one.target.startsWith('/mark-');
}

function lastLines(output: string): string {
  return output.trimEnd().split('\n').slice(-20).join('\n');
}
