/**
 * Runs a program as if it were this process: its standard streams, its exit code, its signals. Node 20 has no
 * `exec`, so the launcher stays behind as a parent that does nothing but pass signals on.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { CannotStart } from './cannot-start.mjs';

/**
 * Settles once the program has ended, with `process.exitCode` set to its exit code, or to 128 + the number of
 * the signal that ended it, as a shell would say it.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env: NodeJS.ProcessEnv, cwd?: string }} options
 * @returns {Promise<void>}
 */
export function become(program, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: 'inherit' });
    const stopPassingOn = passSignalsOn((signal) => child.kill(signal));

    child.once('error', (cause) => {
      stopPassingOn();
      reject(new CannotStart(`Could not run ${program}: ${cause.message}`));
    });
    child.once('exit', (code, signal) => {
      stopPassingOn();
      process.exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1);
      resolve();
    });
  });
}

/**
 * While the child lives, this process dies of none of these signals: it waits for the child to end.
 *
 * Ctrl-C on a terminal reaches the whole foreground process group, the child included. Passing that SIGINT on
 * would be the second one, and a second SIGINT means "now" to a server that is draining: so on a terminal it
 * is left alone, elsewhere (a supervisor, a CI job, `kill`) it is passed on. SIGTERM and SIGHUP are always
 * passed on; a supervisor that signals the whole group sends them twice, which a child must take as once.
 *
 * @param {(signal: NodeJS.Signals) => void} send
 * @returns {() => void} takes the handlers away again
 */
function passSignalsOn(send) {
  const onTerminal = [0, 1, 2].some((fd) => isatty(fd));
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const handlers = signals.map((signal) => {
    const handler = () => {
      if (!(signal === 'SIGINT' && onTerminal)) send(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}
