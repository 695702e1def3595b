/** Predictions of a node for as long as it runs: a reload may turn them on and off, and what was learned stays. */
import { openRestricted } from '../predict/restricted.ts';
import type { Log } from '../telemetry/log.ts';
import { openPrediction } from './foresee.ts';
import { type KeptLearned, keepLearned } from './learned.ts';
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
  const { clock, audience } = node;
  const restricted = openRestricted();
  const keep = () =>
    keepLearned(node.site.config, seat, { clock, log, codings: audience.codings, restricted });
  let kept: KeptLearned | null = await keep();
  let changing: Promise<void> = Promise.resolve();
  let hasStopped = false;

  const open = () => openPrediction(node, { learned: kept?.learned ?? null, restricted, log });
  node.predictor = open();

  function turnOff(): void {
    node.predictor?.close();
    node.predictor = null;
  }

  /** What was learned is read anew, or written down: until that is done, it goes on as before. */
  async function learnOrNot(): Promise<void> {
    const { predict } = node.site.config;
    if (hasStopped || predict === false || predict.learn === (kept !== null)) return;
    const before = kept;
    kept = predict.learn ? await keep() : null;
    if (!hasStopped && node.predictor !== null) {
      turnOff();
      node.predictor = open();
    }
    await before?.close();
  }

  return {
    retune() {
      if (node.site.config.predict === false) turnOff();
      else node.predictor ??= open();
      changing = changing.then(learnOrNot);
    },
    stop() {
      hasStopped = true;
      node.predictor?.close();
    },
    async close() {
      turnOff();
      await changing;
      await kept?.close();
    },
  };
}
