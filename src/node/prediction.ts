/** What predicts at a PoP, as the phases of requests see it. */
import type { Predictor } from '../predict/predictor.ts';

export interface Prediction extends Predictor {
  /** An answer to this has turned out to be for those only who have the right by name. */
  noteRestricted(route: string, target: string): void;
}
