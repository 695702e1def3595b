/**
 * What a process tells the origins: how it is, every few seconds, what clients ask a PoP for most, and what would become of a
 * request, when they ask.
 */
import type { Network } from '../config/network.ts';
import { answerQuestions } from '../explaining/answer.ts';
import { openReporter } from '../telemetry/fleet/board.ts';
import { openTeller } from '../telemetry/top/board.ts';
import { explain } from './explain.ts';
import { reportOf } from './fleet.ts';
import type { NodeMetrics } from './metrics.ts';
import type { Node } from './node.ts';
import { type Seat, workerName } from './seat.ts';
import type { NodeStatus } from './status.ts';

export interface TellingOptions {
  readonly seat: Seat | undefined;
  readonly status: () => NodeStatus;
  readonly metrics: Pick<NodeMetrics, 'read' | 'rum'>;
  /** As the config in force has it. */
  readonly network: () => Network;
}

export interface Telling {
  /** The node is about to stop: it counts as gone. */
  leave(): Promise<void>;
  /** The last request has been answered. */
  close(): Promise<void>;
}

export function tellOrigins(node: Node, { seat, status, metrics, network }: TellingOptions): Telling {
  const { name, bus, clock, log, cache, popularity } = node;
  const worker = seat?.worker ?? 0;
  const { startedAtMs: startedMs } = status();
  const reporter = openReporter(bus, clock, () => reportOf(status(), metrics, cache, worker));
  const teller =
    popularity &&
    openTeller(bus, clock, () => ({ node: name, worker, startedMs, ...popularity.read(clock.now()) }));
  const answering = answerQuestions({
    ...{ bus, clock, log },
    self: { node: name, worker: seat ? workerName(name, seat.worker) : name },
    mayAsk: (other) => network().nodes[other]?.role === 'origin',
    explain: (request) => explain(node, request),
  });
  return {
    async leave() {
      answering.close();
      await reporter.close();
    },
    close: async () => teller?.close(),
  };
}
