/**
 * What other nodes have to be told: these traces are kept. It is gathered for a moment, and told in one go; what is too much
 * for that is not told, and the trace has less in it.
 */
import type { Clock } from '../../clock.ts';

export interface VerdictOptions {
  readonly clock: Clock;
  /** Tells a node. Never rejects. */
  readonly send: (node: string, traceIds: readonly string[]) => Promise<void>;
}

const gatherMs = 500;
/** To one node in one go: 33 bytes of a field each. */
export const mostAtOnce = 128;
/** Nodes at once. */
const mostNodes = 256;

/** @returns a way to say that a node has to know of a trace. */
export function openVerdicts({ clock, send }: VerdictOptions): (node: string, traceId: string) => void {
  const waiting = new Map<string, Set<string>>();

  function sendAll(): void {
    for (const [node, traceIds] of waiting) void send(node, [...traceIds]);
    waiting.clear();
  }

  return (node, traceId) => {
    if (waiting.size === 0) clock.after(gatherMs, sendAll);
    let traceIds = waiting.get(node);
    if (traceIds === undefined) {
      if (waiting.size >= mostNodes) return;
      traceIds = new Set();
      waiting.set(node, traceIds);
    }
    if (traceIds.size < mostAtOnce) traceIds.add(traceId);
  };
}
