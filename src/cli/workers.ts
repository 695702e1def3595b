/**
 * One node as several processes: workers that share its address, each with a part of its cache. This process starts them,
 * watches them, tells each of the others' end and return, and is the node to all commands.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { formatMistake } from '../config/mistake.ts';
import type { Network, NodeConfig } from '../config/network.ts';
import { type ControlClient, controlClient } from '../control/client.ts';
import type { ApiAnswer, PurgeMessage, PurgeRequest, VisitMessage } from '../control/messages.ts';
import { serveControl } from '../control/server.ts';
import { purgesTogether, statusTogether } from '../control/together.ts';
import { settleDiskFolders } from '../node/disk-folders.ts';
import { type Seat, workerName } from '../node/seat.ts';
import type { Log } from '../telemetry/log.ts';
import { restarts } from '../telemetry/metrics/restarts.ts';
import { together } from '../telemetry/metrics/snapshot.ts';
import { openAdminDoor } from './admin-door.ts';
import { announcement } from './announce.ts';
import { type Child, type Ready, startChild } from './child.ts';
import { onHangup } from './hangup.ts';
import { loadChecked } from './load.ts';
import type { NodeProcessOptions } from './node-process.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { type Supervised, supervise } from './supervisor.ts';

export interface WorkersOptions extends Omit<NodeProcessOptions, 'seat'> {
  readonly workers: number;
  /** More words for their command lines. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Worker {
  readonly number: number;
  readonly supervised: Supervised;
}

/** How long past the node's own `timeouts.drainMs` the workers may take to come to an end. */
const drainMarginMs = 8_000;

/** Settles when all workers have drained. Fails when one of them does not start the first time. */
export async function runWorkers(options: WorkersOptions): Promise<void> {
  const { name, log, stop, onReady } = options;
  let { network } = options;
  const nodeOf = (from: Network) => configOf(from, name);
  const { dataDir, role } = nodeOf(network);
  await settleDiskFolders(dataDir, options.workers, log);
  const sockets = await socketFolder(dataDir);
  let ports: readonly number[] = [];
  const workers: Worker[] = [];
  /** By number: the process that each one is now. */
  const processes = new Map<number, Child>();

  function launch(number: number): Worker {
    const start = async (): Promise<Child> => {
      const seat: Seat = { worker: number, workers: options.workers, sockets, ports };
      const child = startChild({ ...options, network, seat, onLine: passOn });
      processes.set(number, child);
      child.ready.then(
        () => tellOthers(number, true),
        () => undefined, // who waits for the start hears of it
      );
      void child.exited.then(() => tellOthers(number, false));
      return child;
    };
    const supervised = supervise({
      name: workerName(name, number),
      what: 'worker',
      start,
      clock: systemClock,
      log,
    });
    const worker: Worker = { number, supervised };
    workers.push(worker);
    return worker;
  }

  function tellOthers(number: number, isUp: boolean): void {
    for (const [other, child] of processes) if (other !== number) child.tell({ worker: number, isUp });
  }

  /** The first one alone where the system is to choose a port, which is the others', too. */
  async function startAll(): Promise<Ready> {
    const isOpen = nodeOf(network).listen.some(({ port }) => port === 0);
    const first = launch(1).supervised.ready;
    if (isOpen) ports = (await first).urls.map((url) => Number(new URL(url).port));
    for (let number = 2; number <= options.workers; number++) launch(number);
    const [ready] = await Promise.all(workers.map(({ supervised }) => supervised.ready));
    return ready ?? (await first);
  }

  const stopAll = () => Promise.all(workers.map(({ supervised }) => supervised.stop()));
  // Timers of the clock do not keep a process alive, and while every worker is down nothing else would.
  const alive = setInterval(() => undefined, 2 ** 30);
  try {
    const { urls } = await startAll().catch(async (error: unknown) => {
      await stopAll();
      throw error;
    });
    const inForce = { secret: network.secret };
    const reload = oneAtATime(async () => {
      const { reasons, next } = await reloadAll(workers, options, network);
      if (next) {
        network = next;
        await admin.follow(nodeOf(next));
      }
      inForce.secret = network.secret;
      return reasons;
    });
    const clients = () => workers.map(({ supervised }) => clientOf(supervised, inForce.secret));
    const lives = workers.map(() => restarts());
    const metrics = async () => {
      const said = await askEach(clients(), (client) => client.metrics());
      return together(lives.map((life, at) => life.read(processes.get(at + 1)?.pid, said[at])));
    };
    const unready = () => (stop.isAsked ? 'draining' : null);
    const admin = openAdminDoor(
      nodeOf(network),
      { metrics, unready, visit: (request) => visitBy(clients(), request) },
      log,
    );
    const control = await serveControl({
      host: '127.0.0.1',
      port: 0,
      secret: () => network.secret,
      handlers: {
        status: async () => statusTogether(await askEach(clients(), (client) => client.status())),
        metrics,
        explain: async (request) => {
          const said = await askEach(clients(), (client) => client.explain(request));
          return said.flatMap((one) => one ?? []);
        },
        reload,
        purge: (request) => purgeAll(clients(), request, log),
        // Origins have one worker.
        api: async () => null,
        visit: (request) => visitBy(clients(), request),
        drain: () => stop.ask('the drain command'),
      },
      clock: systemClock,
    });
    const about = () => ({ name, role, urls: [...urls], control: control.url, admin: admin.url });
    const announced = announcement(dataDir, about, log);
    await announced.say();
    onHangup(stop, reload);
    onReady({ urls, control: control.url });

    const ended = Promise.all(workers.map(({ supervised }) => supervised.ended));
    await Promise.race([ended, stop.asked]);
    const late = setTimeout(
      () => {
        for (const { supervised } of workers) supervised.kill();
      },
      nodeOf(network).timeouts.drainMs * 2 + drainMarginMs,
    );
    await stopAll();
    clearTimeout(late);
    await control.close();
    await admin.close();
    await announced.withdraw();
  } finally {
    clearInterval(alive);
    await rm(sockets, { recursive: true, force: true });
  }
}

function configOf(network: Network, name: string): NodeConfig {
  const node = network.nodes[name];
  if (node === undefined) throw new Error(`the network has no node "${name}"`);
  return node;
}

/** What the address of a socket can hold, with room for two names below it. */
const longestFolder = 80;

/**
 * A folder that only this user can look into, and another one each time: workers whose own node process was killed may still
 * be draining, and remove their sockets at the end.
 */
async function socketFolder(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'workers');
  if (Buffer.byteLength(folder) > longestFolder) return mkdtemp(join(tmpdir(), 'meridian-'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return mkdtemp(join(folder, 'at-'));
}

function passOn(stream: 'out' | 'err', line: string): void {
  (stream === 'out' ? process.stdout : process.stderr).write(`${line}\n`);
}

function clientOf(supervised: Supervised, secret: string): ControlClient | undefined {
  const control = supervised.control();
  return control === undefined ? undefined : controlClient(control, secret, systemClock);
}

/** In the order of their numbers; `undefined` of one that is down or has just died: that it says nothing is what is shown. */
function askEach<Answer>(
  clients: readonly (ControlClient | undefined)[],
  ask: (client: ControlClient) => Promise<Answer>,
): Promise<(Answer | undefined)[]> {
  return Promise.all(
    clients.map(async (client) => {
      try {
        return client && (await ask(client));
      } catch {
        return undefined; // it has just died
      }
    }),
  );
}

/** By any worker: which one does not matter. */
async function visitBy(
  clients: readonly (ControlClient | undefined)[],
  request: VisitMessage,
): Promise<ApiAnswer> {
  const client = clients.find((one) => one !== undefined);
  if (client === undefined) throw new Error('none of its workers runs just now');
  return client.visit(request);
}

const notAll: PurgeMessage = {
  reasons: ['a worker of the node does not run just now, so not all of it was purged: purge again'],
  because: 'bus',
};

/** By way of the bus, any of them; at this node alone, all of them or none. */
async function purgeAll(
  clients: readonly (ControlClient | undefined)[],
  request: PurgeRequest,
  log: Log,
): Promise<PurgeMessage> {
  const up = clients.filter((client) => client !== undefined);
  const askAll = () => Promise.all(up.map((client) => purgeBy(client, request, log)));
  if (!request.here) {
    for (const client of up) {
      const said = await purgeBy(client, request, log);
      // Purged twice is purged.
      if (said !== null) return said;
    }
    return notAll;
  }
  if (up.length < clients.length) return notAll;
  const said = await askAll();
  // Who had purged may have copied it since from one who had not (`node/replica.ts`), and now all have.
  const again = await askAll();
  return [...said, ...again].includes(null) ? notAll : purgesTogether(said.filter((one) => one !== null));
}

/** `null`: it has died meanwhile, or cannot be asked. */
async function purgeBy(client: ControlClient, request: PurgeRequest, log: Log): Promise<PurgeMessage | null> {
  try {
    return await client.purge(request);
  } catch (error) {
    log.warn('a worker could not be asked to purge', { error });
    return null;
  }
}

interface Reloaded {
  /** Why the old config stays in force. */
  readonly reasons: readonly string[];
  readonly next?: Network;
}

/** One worker after the other, so that there is always one that does nothing else than serve. */
async function reloadAll(
  workers: readonly Worker[],
  { name, source, log, workers: count, network: atStart }: WorkersOptions,
  network: Network,
): Promise<Reloaded> {
  const loaded = await loadChecked(source);
  const refused = (reasons: readonly string[]): Reloaded => {
    log.error('the new config was refused; the old one stays in force', { reasons });
    return { reasons };
  };
  if (!loaded.ok) return refused(loaded.mistakes.map(formatMistake));
  const next = loaded.network.nodes[name];
  if (next === undefined) return refused([`nodes.${name} is gone from the config: stop the node instead`]);
  if (next.workers !== atStart.nodes[name]?.workers)
    return refused([`${name}: how many workers it has (${count} now) cannot change without a restart`]);
  for (const { supervised } of workers) {
    // One that is down starts with the next config.
    const { reasons } = (await clientOf(supervised, network.secret)?.reload()) ?? { reasons: [] };
    if (reasons.length > 0) return refused(reasons);
  }
  log.info('the new config is in force');
  return { reasons: [], next: loaded.network };
}
