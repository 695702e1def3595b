/**
 * How a process learns that it is to stop. SIGTERM may come more than once (a supervisor that signals the
 * whole group) and counts once; a second SIGINT is somebody who does not want to wait.
 */
import type { Log } from '../telemetry/log.ts';
import { exit } from './exit.ts';

export interface StopSignal {
  /** Settles once, with what asked for it. */
  readonly asked: Promise<string>;
  ask(why: string): void;
}

export interface StopOptions {
  /**
   * Ctrl-C reaches the whole group of processes. A node that `up` has started leaves it to `up`, which stops
   * PoPs before shields and shields before the origin, so that what is under way can be answered.
   */
  readonly supervised: boolean;
  readonly log: Log;
  /** What a second SIGINT does before the process ends. */
  readonly force?: () => void;
}

export function stopSignal({ supervised, log, force }: StopOptions): StopSignal {
  const { promise, resolve } = Promise.withResolvers<string>();
  let interrupted = false;
  process.on('SIGTERM', () => resolve('SIGTERM'));
  process.on('SIGINT', () => {
    if (supervised) return;
    if (interrupted) {
      log.warn('stopping at once');
      force?.();
      process.exit(exit.failure);
    }
    interrupted = true;
    resolve('SIGINT');
  });
  if (supervised) process.on('disconnect', () => resolve('the process that started it is gone'));
  return { asked: promise, ask: resolve };
}
