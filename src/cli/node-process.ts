/**
 * One node as a process: started, found by others through its file, reloaded when told to, drained at the end.
 */
import { systemClock } from '../clock.ts';
import { forNode } from '../config/for-node.ts';
import { type LoadOptions, loadNetwork } from '../config/load.ts';
import { formatMistake } from '../config/mistake.ts';
import type { Network } from '../config/network.ts';
import { removeNodeFile, writeNodeFile } from '../control/node-file.ts';
import { serveControl } from '../control/server.ts';
import type { RunningNode } from '../node/start.ts';
import type { Log } from '../telemetry/log.ts';
import { onHangup } from './hangup.ts';
import type { StopSignal } from './stop-signal.ts';
import { version } from './version.ts';

export interface NodeProcessOptions {
  readonly network: Network;
  readonly name: string;
  /** What to load for a reload. */
  readonly source: LoadOptions;
  readonly log: Log;
  readonly stop: StopSignal;
  /** Called when the node serves. */
  readonly onReady: (ready: { readonly urls: readonly string[]; readonly control: string }) => void;
}

/** How long past the node's own `timeouts.drainMs` it may take to come to an end. */
const drainMarginMs = 5000;

/** Until a node that could not say where it is tries again. */
const announceAgainMs = 10_000;

/** Settles when the node has drained. Fails when it cannot start. */
export async function runNode(options: NodeProcessOptions): Promise<void> {
  const { name, log, stop, onReady } = options;
  // Late, because it is most of the code: what can go wrong before is then known sooner.
  const { startNode } = await import('../node/start.ts');
  const startedAt = new Date(systemClock.now()).toISOString();
  let network = forNode(options.network, name);
  const node = await startNode(network, name, { log, clock: systemClock });

  const reload = oneAtATime(async () => {
    const reasons = await tryReload(node, options, (next) => {
      network = next;
    });
    if (reasons.length === 0) await announce();
    return reasons;
  });
  const control = await serveControl({
    host: '127.0.0.1',
    port: 0,
    secret: () => network.secret,
    handlers: {
      status: () => node.status(),
      reload,
      purge: node.purge,
      drain: () => stop.ask('the drain command'),
    },
    clock: systemClock,
  });
  const dataDir = network.nodes[name]?.dataDir ?? network.dataDir;
  let cancelAnnouncement = () => {};
  /** A full or read-only disk hides a node from the commands, but not from its clients: it serves, and tries again. */
  async function announce(): Promise<void> {
    cancelAnnouncement();
    const { role, urls } = node;
    const content = {
      name,
      role,
      pid: process.pid,
      startedAt,
      urls: [...urls],
      control: control.url,
      version,
    };
    try {
      await writeNodeFile(dataDir, content);
    } catch (error) {
      log.warn('commands cannot find the node, as its file cannot be written', { dataDir, error });
      cancelAnnouncement = systemClock.after(announceAgainMs, () => void announce());
    }
  }
  await announce();
  onHangup(stop, reload);
  onReady({ urls: node.urls, control: control.url });

  log.debug('told to stop', { by: await stop.asked });
  cancelAnnouncement();
  await drain(node, (network.nodes[name]?.timeouts.drainMs ?? 0) + drainMarginMs, log);
  await control.close();
  await removeNodeFile(dataDir);
}

/** The reasons why the old config stays in force; none when the new one is. Logs either. */
async function tryReload(
  node: RunningNode,
  { name, source, log }: NodeProcessOptions,
  use: (network: Network) => void,
): Promise<readonly string[]> {
  const reasons = await loadNetwork(source)
    .then(async (loaded) => {
      if (!loaded.ok) return loaded.mistakes.map(formatMistake);
      if (loaded.network.nodes[name] === undefined)
        return [`nodes.${name} is gone from the config: stop the node instead`];
      const next = forNode(loaded.network, name);
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

/** Calls that come while one is running wait for it, and then share the next one. */
function oneAtATime<T>(task: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const start = (): Promise<T> => {
    next = undefined;
    running = task().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
}
