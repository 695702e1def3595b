/** What a process tells the origins: how it is, every few seconds, and what would become of a request, when they ask. */
import type { Network } from '../config/network.ts';
import { answerQuestions } from '../explaining/answer.ts';
import { openReporter } from '../telemetry/fleet/board.ts';
import type { Snapshot } from '../telemetry/metrics/snapshot.ts';
import { explain } from './explain.ts';
import { reportOf } from './fleet.ts';
import type { Node } from './node.ts';
import { type Seat, workerName } from './seat.ts';
import type { NodeStatus } from './status.ts';

export interface TellingOptions {
  readonly seat: Seat | undefined;
  readonly status: () => NodeStatus;
  readonly metrics: () => Snapshot;
  /** As the config in force has it. */
  readonly network: () => Network;
}

export interface Telling {
  close(): Promise<void>;
}

export function tellOrigins(node: Node, { seat, status, metrics, network }: TellingOptions): Telling {
  const { name, bus, clock, log, cache } = node;
  const reporter = openReporter(bus, clock, () => reportOf(status(), metrics(), cache, seat?.worker ?? 0));
  const answering = answerQuestions({
    ...{ bus, clock, log },
    self: { node: name, worker: seat ? workerName(name, seat.worker) : name },
    mayAsk: (other) => network().nodes[other]?.role === 'origin',
    explain: (request) => explain(node, request),
  });
  return {
    async close() {
      answering.close();
      await reporter.close();
    },
  };
}
