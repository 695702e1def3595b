/**
 * `meridian serve --as <node>`: one node of the network, as a process. SIGTERM and SIGINT drain it, SIGHUP
 * reloads its config. `up` starts its nodes in the same way and hands the network over by itself.
 */
import type { Network } from '../config/network.ts';
import type { Log } from '../telemetry/log.ts';
import type { Ready } from './child.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { chosenNodes, loadOrExplain } from './load.ts';
import { runNode } from './node-process.ts';
import { listenProblems } from './ports.ts';
import { isHuman, openProcessLog } from './process-log.ts';
import { asArguments, loadOptions, logOptions, networkOptions } from './settings.ts';
import { stopSignal } from './stop-signal.ts';
import { isSupervised, receiveTask, type Task, tellSupervisor } from './supervision.ts';
import { workersOf } from './worker-count.ts';
import { runWorkers } from './workers.ts';

const options = {
  as: { type: 'string', requiresArg: true, demandOption: true, describe: 'Name of the node' },
  ...networkOptions,
  ...logOptions,
} as const;

export default command(options, async (values) => {
  const name = values.as;
  const supervised = isSupervised();
  const nodeLog = openProcessLog(values).child({ node: name });
  const stop = stopSignal({ supervised, log: nodeLog });
  const given: Task | undefined = supervised ? await receiveTask() : undefined;
  const seat = given?.seat;
  const log = seat ? nodeLog.child({ worker: seat.worker }) : nodeLog;
  dieOfTheUnexpected(log);
  const source = { ...loadOptions(values), here: [name] };
  try {
    const network = given?.network ?? (await loadOrExplain(source))?.network;
    if (network === undefined) return exit.failure;
    if (!supervised && !(await canListen(network, name))) return exit.failure;
    const onReady = (ready: Ready): void => {
      tellSupervisor({ ready });
      if (!supervised) log.info('serving', { urls: ready.urls });
    };
    const options = { network, name, source, log, stop, onReady };
    const workers = workersOf(network.nodes[name]);
    if (seat !== undefined || workers === 1) {
      await runNode({ ...options, seat });
    } else {
      const words = asArguments({ ...values, 'log-format': isHuman(values) ? 'human' : 'json' });
      await runWorkers({ ...options, workers, words, env: process.env });
    }
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
