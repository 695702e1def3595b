/**
 * `meridian serve --as <node>`: one node of the network, as a process. SIGTERM and SIGINT drain it, SIGHUP
 * reloads its config. `up` starts its nodes in the same way and hands the network over by itself.
 */
import type { Network } from '../config/network.ts';
import type { Log } from '../telemetry/log.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { chosenNodes, loadOrExplain } from './load.ts';
import { runNode } from './node-process.ts';
import { listenProblems } from './ports.ts';
import { openProcessLog } from './process-log.ts';
import { loadOptions, logOptions, networkOptions } from './settings.ts';
import { stopSignal } from './stop-signal.ts';
import { isSupervised, receiveNetwork, tellSupervisor } from './supervision.ts';

const options = {
  as: { type: 'string', requiresArg: true, demandOption: true, describe: 'Name of the node' },
  ...networkOptions,
  ...logOptions,
} as const;

export default command(options, async (values) => {
  const name = values.as;
  const supervised = isSupervised();
  const log = openProcessLog(values).child({ node: name });
  const stop = stopSignal({ supervised, log });
  dieOfTheUnexpected(log);
  const source = { ...loadOptions(values), here: [name] };
  try {
    const network = supervised ? await receiveNetwork() : (await loadOrExplain(source))?.network;
    if (network === undefined) return exit.failure;
    if (!supervised && !(await canListen(network, name))) return exit.failure;
    await runNode({
      network,
      name,
      source,
      log,
      stop,
      onReady(ready) {
        tellSupervisor({ ready });
        if (!supervised) log.info('serving', { urls: ready.urls });
      },
    });
    return exit.ok;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    tellSupervisor({ failed: error instanceof Error ? error.message : String(error) });
    log.error('the node cannot start', { error });
    return exit.failure;
  }
});

/** Says what is in the way, if anything is. `up` has looked at this before it started the node. */
async function canListen(network: Network, name: string): Promise<boolean> {
  chosenNodes(network, [name]);
  const problems = await listenProblems(network, [name]);
  for (const problem of problems) console.error(`meridian: ${problem}`);
  return problems.length === 0;
}

/** After an error that nobody expected, nothing is known of the state of the process: it ends, and its successor starts clean. */
function dieOfTheUnexpected(log: Log): void {
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error: unknown) => {
      log.error('an error that nothing handled', { error });
      process.exit(exit.failure);
    });
  }
}
