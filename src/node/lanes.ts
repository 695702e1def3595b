/** Connections to parents that are kept open, as it takes two or three round trips to open one. */
import type { Clock } from '../clock.ts';
import { laneSessions } from '../http/client.ts';
import { type Checker, checkNode } from './check.ts';
import type { AskedNode } from './tier-request.ts';

/** Between two uses of a connection that is kept open, ms: less than it may rest. */
const warmMs = 15_000;

/**
 * Where requests share HTTP/2 connections, two kinds of them have others. What brings a body, such as an audit or a publish, goes over HTTP/1.1, and comes
 * seldom: one connection is there for it. What is fetched ahead has connections of its own (`Lane`), and would come too late if they had to be opened first.
 */
export function keepLanes(
  parents: readonly AskedNode[],
  checker: Checker,
  { clock, foresees }: { readonly clock: Clock; readonly foresees: boolean },
): { close(): void } {
  const shared = parents.filter(({ http2 }) => http2);
  const stop = new AbortController();
  let cancel = () => {};

  function use(): void {
    cancel = clock.after(warmMs, use);
    for (const parent of shared) {
      check({ ...parent, http2: false }, checker);
      for (let count = 0; foresees && count < laneSessions; count++)
        check(parent, { ...checker, lane: 'ahead' });
    }
  }

  function check(parent: AskedNode, as: Checker): void {
    checkNode(parent, as, stop.signal).catch(() => {
      // Whether it is there is found out by its checks.
    });
  }

  if (shared.length > 0) use();
  return {
    close() {
      cancel();
      stop.abort();
    },
  };
}
