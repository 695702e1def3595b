/**
 * One node as a process: started, found by others through its file, reloaded when told to, drained at the end.
 */
import { systemClock } from '../clock.ts';
import { forNode } from '../config/for-node.ts';
import type { LoadOptions } from '../config/load.ts';
import { formatMistake } from '../config/mistake.ts';
import type { Network } from '../config/network.ts';
import { serveControl } from '../control/server.ts';
import { settleDiskFolders } from '../node/disk-folders.ts';
import { forSeat, type Seat } from '../node/seat.ts';
import type { RunningNode } from '../node/start.ts';
import type { Log } from '../telemetry/log.ts';
import { openAdminDoor } from './admin-door.ts';
import { type Announcement, announcement } from './announce.ts';
import { onHangup } from './hangup.ts';
import { loadChecked } from './load.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { StopSignal } from './stop-signal.ts';
import { onWordOfWorkers } from './supervision.ts';

export interface NodeProcessOptions {
  readonly network: Network;
  readonly name: string;
  /** What to load for a reload. */
  readonly source: LoadOptions;
  readonly log: Log;
  readonly stop: StopSignal;
  /** Which worker of the node this is, if it has several. Then another process is the node to all commands. */
  readonly seat?: Seat | undefined;
  /** Called when the node serves. */
  readonly onReady: (ready: { readonly urls: readonly string[]; readonly control: string }) => void;
}

/** How long past the node's own `timeouts.drainMs` it may take to come to an end. */
const drainMarginMs = 5000;

/** Settles when the node has drained. Fails when it cannot start. */
export async function runNode(options: NodeProcessOptions): Promise<void> {
  const { name, log, stop, seat, onReady } = options;
  // Late, because it is most of the code: what can go wrong before is then known sooner.
  const { startNode } = await import('../node/start.ts');
  let network = ownView(options.network, options);
  if (!seat) await settleDiskFolders(network.nodes[name]?.dataDir ?? network.dataDir, 1, log);
  const node = await startNode(network, name, { log, clock: systemClock, seat });

  const { metrics } = node;
  const unready = () => (stop.isAsked ? 'draining' : null);
  const config = () => network.nodes[name];
  const admin = seat ? null : openAdminDoor(config(), { metrics, unready, visit: node.visit }, log);
  let announced: Announcement | null = null;
  const reload = oneAtATime(async () => {
    const reasons = await tryReload(node, options, (next) => {
      network = next;
    });
    if (reasons.length > 0) return reasons;
    await admin?.follow(config());
    await announced?.say();
    return reasons;
  });
  const control = await serveControl({
    host: '127.0.0.1',
    port: 0,
    secret: () => network.secret,
    handlers: {
      status: () => node.status(),
      metrics: () => node.metrics(),
      explain: (request) => [node.explain(request)],
      reload,
      purge: node.purge,
      api: node.api,
      visit: node.visit,
      drain: () => stop.ask('the drain command'),
    },
    clock: systemClock,
  });
  const dataDir = network.nodes[name]?.dataDir ?? network.dataDir;
  const about = () => ({
    name,
    role: node.role,
    urls: [...node.urls],
    control: control.url,
    admin: admin?.url,
  });
  if (!seat) announced = announcement(dataDir, about, log);
  await announced?.say();
  if (seat) onWordOfWorkers(node.told);
  // A worker is told by the process that started it, not by a signal to the whole group.
  onHangup(stop, seat ? async () => undefined : reload);
  await found(node, log);
  onReady({ urls: node.urls, control: control.url });

  log.debug('told to stop', { by: await stop.asked });
  await drain(node, (network.nodes[name]?.timeouts.drainMs ?? 0) + drainMarginMs, log);
  await control.close();
  await admin?.close();
  await announced?.withdraw();
}

/** The network as this process may know it. */
function ownView(network: Network, { name, seat }: NodeProcessOptions): Network {
  const own = forNode(network, name);
  return seat ? forSeat(own, name, seat) : own;
}

/** The reasons why the old config stays in force; none when the new one is. Logs either. */
async function tryReload(
  node: RunningNode,
  options: NodeProcessOptions,
  use: (network: Network) => void,
): Promise<readonly string[]> {
  const { name, source, log } = options;
  const reasons = await loadChecked(source)
    .then(async (loaded) => {
      if (!loaded.ok) return loaded.mistakes.map(formatMistake);
      if (loaded.network.nodes[name] === undefined)
        return [`nodes.${name} is gone from the config: stop the node instead`];
      const next = ownView(loaded.network, options);
      await node.reload(next);
      use(next);
      return [];
    })
    .catch((error: unknown) => [error instanceof Error ? error.message : String(error)]);
  if (reasons.length === 0) log.info('the new config is in force');
  else log.error('the new config was refused; the old one stays in force', { reasons });
  return reasons;
}

async function drain(node: RunningNode, withinMs: number, log: Log): Promise<void> {
  const late = new Promise<'late'>((resolve) => setTimeout(resolve, withinMs, 'late'));
  const ended = await Promise.race([node.drain(), late]);
  if (ended === 'late') log.warn('some requests did not come to an end in time', { withinMs });
}

/** Not a line of the log, which many may read for long. */
async function found(node: RunningNode, log: Log): Promise<void> {
  try {
    const token = await node.found();
    if (token === null) return;
    process.stderr.write(`The token of the first administrator, shown this once: ${token}\n`);
  } catch (error) {
    log.warn('whether there is an administrator cannot be told now; the next start will see to it', {
      error,
    });
  }
}
