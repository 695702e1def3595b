/** Connections to parents for what is fetched ahead. */
import type { Clock } from '../clock.ts';
import { laneSessions } from '../http/client.ts';
import { type Checker, checkNode } from './check.ts';
import type { AskedNode } from './tier-request.ts';

/** Between two uses of a connection that is kept open, ms: less than it may rest. */
const warmMs = 15_000;

/**
 * What is fetched ahead has connections of its own (`Lane`). To open one takes three round trips, and what is foreseen would come too late: so they are
 * opened before, and kept.
 */
export function keepLanes(parents: readonly AskedNode[], checker: Checker, clock: Clock): { close(): void } {
  const stop = new AbortController();
  let cancel = () => {};

  function use(): void {
    cancel = clock.after(warmMs, use);
    for (const parent of parents.filter(({ http2 }) => http2))
      for (let count = 0; count < laneSessions; count++)
        checkNode(parent, checker, stop.signal).catch(() => {
          // Whether it is there is found out by its checks.
        });
  }

  use();
  return {
    close() {
      cancel();
      stop.abort();
    },
  };
}
