/** Predictions of a node for as long as it runs: a reload may turn them on and off, and what was learned stays. */
import type { Log } from '../telemetry/log.ts';
import { openPrediction } from './foresee.ts';
import { keepLearned } from './learned.ts';
import type { Node } from './node.ts';
import type { Seat } from './seat.ts';

export interface Predicting {
  /** Another config is in force. */
  retune(): void;
  /** Nothing more is begun. */
  stop(): void;
  close(): Promise<void>;
}

export async function beginPredicting(node: Node, seat: Seat | undefined, log: Log): Promise<Predicting> {
  const kept = await keepLearned(node.site.config, seat, { clock: node.clock, log });
  node.predictor = openPrediction(node, kept?.learned ?? null, log);

  function turnOff(): void {
    node.predictor?.close();
    node.predictor = null;
  }

  return {
    retune() {
      if (node.site.config.predict === false) turnOff();
      else node.predictor ??= openPrediction(node, kept?.learned ?? null, log);
    },
    stop: () => node.predictor?.close(),
    async close() {
      turnOff();
      await kept?.close();
    },
  };
}
