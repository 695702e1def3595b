/** What predicts at a PoP, as the phases of requests see it. */
import type { Predictor } from '../predict/predictor.ts';
import type { Resource } from '../resource.ts';

export interface Answered {
  readonly route: string;
  readonly resource: Resource;
  readonly target: string;
}

export interface Prediction extends Predictor {
  /** An answer to this has turned out to be for those only who have the right by name, or for all who may read the route. */
  noteRestricted(asked: Answered, isRestricted: boolean): void;
}
