/**
 * What everybody may do, of a node that has not read all that is on the bus yet: it begins to serve meanwhile, and would refuse
 * whoever has no token what a grant to `everyone` allows. So the origin is asked for these grants, once; what has been read of the bus
 * counts as soon as it is newer.
 */
import type { Clock } from '../../clock.ts';
import type { Introduction } from '../register/introduce.ts';

export interface EarlyOptions {
  /** Grants to everybody, as the origin has them. */
  readonly ask: () => Promise<Introduction>;
  readonly learn: (introduction: Introduction) => void;
  /** All has been read, so that nothing need be asked. */
  readonly isComplete: () => boolean;
  readonly clock: Clock;
}

/** Most nodes have read all before this; well before one begins to serve without. */
const firstMs = 500;
/** After an origin that could not be asked: twice as long each time. */
const longestMs = 30_000;

/** @returns what ends it. */
export function askEarly({ ask, learn, isComplete, clock }: EarlyOptions): () => void {
  let isClosed = false;
  let nextMs = firstMs;
  let cancel = clock.after(firstMs, tick);

  function tick(): void {
    if (isComplete()) return;
    ask().then(
      (heard) => {
        if (!isClosed) learn(heard);
      },
      () => {
        // Who shows a token then hears that the origin is away.
        nextMs = Math.min(2 * nextMs, longestMs);
        if (!isClosed) cancel = clock.after(nextMs, tick);
      },
    );
  }

  return () => {
    isClosed = true;
    cancel();
  };
}
