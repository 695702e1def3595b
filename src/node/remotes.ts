/**
 * The origins' manners towards remotes, shared over the bus: whom one of them was told to leave alone, all of them do.
 */
import { z } from 'zod';
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { NodeConfig } from '../config/network.ts';
import { type RemoteLimits, type Remotes, remotes } from '../remotes/remotes.ts';
import type { Log } from '../telemetry/log.ts';

const viewName = 'remotes';
/** Milliseconds since the epoch, by the clock of whoever was told. */
const pause = z.object({ untilMs: z.number() });

export interface SharedRemotes extends Remotes {
  close(): void;
}

/** @param paused told of each server that has asked to be left alone. */
export function sharedRemotes(
  config: NodeConfig,
  bus: Bus,
  clock: Clock,
  log: Log,
  paused: (server: string) => void,
): SharedRemotes {
  const view = bus.view(viewName);
  const polite = remotes(limitsOf(config), clock, (server, untilMs) => {
    paused(server);
    log.warn('a remote wants to be left alone', { server, until: new Date(untilMs).toISOString() });
    view.put(server, { untilMs }).catch((error) => {
      log.warn('the other origins could not be told to leave a remote alone', { server, error });
    });
  });
  const subscription =
    config.role === 'origin'
      ? view.watch({
          changed({ key, value }) {
            const told = pause.safeParse(value).data;
            if (told && told.untilMs > clock.now()) polite.told(key, told.untilMs);
          },
          caughtUp() {},
        })
      : null;
  return { ...polite, close: () => subscription?.close() };
}

export function limitsOf({ remotes }: NodeConfig): RemoteLimits {
  const { perSecond, burst, waitMs, pauseS } = remotes;
  return {
    rate: perSecond === undefined ? null : { perSecond, burst },
    patienceMs: waitMs,
    maxPauseMs: pauseS * 1000,
  };
}
