/**
 * How a process learns that it is to stop. A signal may come twice at once, from a supervisor that signals the
 * whole group and from the parent that passes it on; that counts once. A SIGINT later on is somebody who does
 * not want to wait.
 */
import type { Log } from '../telemetry/log.ts';
import { exit } from './exit.ts';

export interface StopSignal {
  /** Settles once, with what asked for it. */
  readonly asked: Promise<string>;
  /** It has been asked for. */
  readonly isAsked: boolean;
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

/** No person presses Ctrl-C twice within so short a time and means it. */
const sameSignalMs = 500;

export function stopSignal({ supervised, log, force }: StopOptions): StopSignal {
  const { promise, resolve: settle } = Promise.withResolvers<string>();
  let isAsked = false;
  const resolve = (why: string) => {
    isAsked = true;
    settle(why);
  };
  let interruptedMs: number | null = null;
  process.on('SIGTERM', () => resolve('SIGTERM'));
  process.on('SIGINT', () => {
    if (supervised) return;
    const now = performance.now();
    if (interruptedMs !== null && now - interruptedMs < sameSignalMs) return;
    if (interruptedMs !== null) {
      log.warn('stopping at once');
      force?.();
      process.exit(exit.failure);
    }
    interruptedMs = now;
    resolve('SIGINT');
  });
  if (supervised) process.on('disconnect', () => resolve('the process that started it is gone'));
  return {
    asked: promise,
    ask: resolve,
    get isAsked() {
      return isAsked;
    },
  };
}
