/**
 * `meridian up`: the whole network on this machine, one process per node.
 */
import type { InferredOptionTypes } from 'yargs';
import { systemClock } from '../clock.ts';
import type { LoadOptions } from '../config/load.ts';
import { formatMistake } from '../config/mistake.ts';
import type { Network } from '../config/network.ts';
import { findNode } from '../control/find.ts';
import type { Log } from '../telemetry/log.ts';
import { type Child, startChild } from './child.ts';
import { command } from './command.ts';
import { exit } from './exit.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { onHangup } from './hangup.ts';
import { chosenNodes, loadChecked, loadOrExplain } from './load.ts';
import { listenProblems } from './ports.ts';
import { isColoured, isHuman, openProcessLog } from './process-log.ts';
import { asArguments, loadOptions, logOptions, networkOptions } from './settings.ts';
import { stopSignal } from './stop-signal.ts';
import { welcome } from './welcome.ts';

const options = {
  ...networkOptions,
  node: { type: 'string', array: true, requiresArg: true, describe: 'Runs this node only; may be repeated' },
  ...logOptions,
} as const;

type Values = InferredOptionTypes<typeof options>;

export default command(options, async (values) => {
  const log = openProcessLog(values);
  const source: LoadOptions = { ...loadOptions(values), here: values.node };
  const loaded = await loadOrExplain(source);
  if (loaded === undefined) return exit.failure;
  const { network } = loaded;
  const names = chosenNodes(network, values.node);
  if (!(await canListen(network, names))) return exit.failure;

  const fleet = openFleet({ network, clock: systemClock, log, start: starter(network, source, values, log) });
  const stop = stopSignal({ supervised: false, log, force: () => fleet.kill() });
  // Timers of the clock do not keep a process alive, and while every node is down nothing else would.
  const alive = setInterval(() => undefined, 2 ** 30);
  await Promise.race([serveUntilEnded(fleet, network, names), stop.asked]);
  log.info('stopping; Ctrl-C again stops at once');
  await fleet.stop();
  clearInterval(alive);
  return exit.ok;

  async function serveUntilEnded(fleet: Fleet, network: Network, names: readonly string[]): Promise<void> {
    const ready = await fleet.start(names);
    onHangup(stop, () => reload(fleet, source, values.node, log));
    process.stdout.write(welcome(network, new Map([...ready].map(([name, { urls }]) => [name, urls]))));
    await fleet.ended();
  }
});

/** Says what is in the way, if anything is. */
async function canListen(network: Network, names: readonly string[]): Promise<boolean> {
  const problems = await listenProblems(network, names);
  if (problems.length === 0) return true;
  const runs = await isRunning(network, names);
  const said = runs ? ['This network runs on this machine already: `meridian status` shows it.'] : problems;
  for (const line of said) console.error(`meridian: ${line}`);
  return false;
}

async function isRunning(network: Network, names: readonly string[]): Promise<boolean> {
  const found = names.map(async (name) => {
    const node = network.nodes[name];
    return node !== undefined && (await findNode(network, node, systemClock)).state === 'up';
  });
  return (await Promise.all(found)).includes(true);
}

/** How a node is started, now and again after it has died. */
function starter(
  network: Network,
  source: LoadOptions,
  values: Values,
  log: Log,
): (name: string) => Promise<Child> {
  const human = isHuman(values);
  const words = asArguments({ ...values, 'log-format': human ? 'human' : 'json' });
  const env = isColoured(process.stderr.isTTY) ? { ...process.env, FORCE_COLOR: '1' } : process.env;
  const width = Math.max(...Object.keys(network.nodes).map((name) => name.length));
  let good = network;
  const started = new Set<string>();

  return async (name) => {
    // Again: the config may be another one by now. One with mistakes must not keep a node down.
    if (started.has(name) || good.nodes[name] === undefined) {
      const loaded = await loadChecked(source);
      if (loaded.ok) good = loaded.network;
      else log.warn('the config has mistakes; the node starts with the last good one', { node: name });
    }
    started.add(name);
    return startChild({
      name,
      network: good,
      words,
      env,
      onLine(stream, line) {
        // Lines of JSON name their node themselves, and a prefix would break them.
        const whole = human ? `${name.padEnd(width)} │ ${line}\n` : `${line}\n`;
        (stream === 'out' ? process.stdout : process.stderr).write(whole);
      },
    });
  };
}

async function reload(
  fleet: Fleet,
  source: LoadOptions,
  nodes: readonly string[] | undefined,
  log: Log,
): Promise<void> {
  const next = await loadChecked(source);
  if (next.ok) {
    await fleet.reload(next.network, nodes ?? Object.keys(next.network.nodes));
    return;
  }
  log.error('the new config was refused; the old one stays in force', {
    reasons: next.mistakes.map(formatMistake),
  });
}
