/**
 * Keeps one node running: starts it again when it dies, sooner the first time and later each time after that.
 */
import type { Clock } from '../clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Child, Ready } from './child.ts';

export interface Supervised {
  /** Its first start. Fails when that fails; then it is not started again. */
  readonly ready: Promise<Ready>;
  /** When it has ended for good: told to stop, drained by somebody else, or never started. */
  readonly ended: Promise<void>;
  /** Where its control API is now; `undefined` while it does not serve. */
  control(): string | undefined;
  /** Drains it. Settles when it has ended. */
  stop(): Promise<void>;
  kill(): void;
}

export interface SupervisorOptions {
  readonly name: string;
  /** What it is, for the log: `node` unless said. */
  readonly what?: 'node' | 'worker';
  readonly start: () => Promise<Child>;
  readonly clock: Clock;
  readonly log: Log;
}

const firstPauseMs = 250;
const longestPauseMs = 15_000;
/** A node that served for so long has nothing to do with its failures before. */
const stableMs = 30_000;

export function supervise({ name, what = 'node', start, clock, log }: SupervisorOptions): Supervised {
  const first = Promise.withResolvers<Ready>();
  const stopping = Promise.withResolvers<void>();
  let stopped = false;
  let child: Child | undefined;
  let control: string | undefined;

  /** Runs the node once. Gives whether it is to be started again. */
  async function once(isFirst: boolean): Promise<boolean> {
    child = await start();
    if (stopped) child.stop();
    try {
      const ready = await child.ready;
      control = ready.control;
      if (isFirst) first.resolve(ready);
      else log.info('serves again', { node: name });
    } catch (error) {
      await child.exited;
      if (isFirst) first.reject(error);
      if (isFirst || stopped) return false;
      log.error(`the ${what} did not start`, { node: name, error });
      return true;
    }
    const code = await child.exited;
    control = undefined;
    if (stopped) return false;
    if (code === 0) log.info(`the ${what} was drained and has ended`, { node: name });
    else
      log.error(`the ${what} died`, { node: name, cause: code === null ? 'a signal' : `exit code ${code}` });
    return code !== 0;
  }

  async function keepRunning(): Promise<void> {
    let pauseMs = firstPauseMs;
    for (let isFirst = true; ; isFirst = false) {
      const startedMs = clock.elapsed();
      const again = await once(isFirst).catch((error: unknown) => {
        if (isFirst) first.reject(error);
        else log.error(`the ${what} could not be started`, { node: name, error });
        return !isFirst;
      });
      if (!again || stopped) return;
      if (clock.elapsed() - startedMs >= stableMs) pauseMs = firstPauseMs;
      log.info(`the ${what} starts again soon`, { node: name, pauseMs });
      await Promise.race([pause(pauseMs), stopping.promise]);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      if (stopped) return;
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => void clock.after(ms, resolve));
  }

  const ended = keepRunning();
  return {
    ready: first.promise,
    ended,
    control: () => control,
    async stop() {
      if (!stopped) child?.stop();
      stopped = true;
      stopping.resolve();
      await ended;
    },
    kill: () => child?.kill(),
  };
}
