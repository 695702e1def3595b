/** Lets so many through at once; so many others wait, in the order in which they came. */
import { MeridianError } from '../errors.ts';

export interface Gate {
  /** @throws `overloaded` when too many are waiting. */
  through<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function gate(atOnce: number, maxWaiting: number): Gate {
  const waiting: (() => void)[] = [];
  let free = atOnce;

  return {
    async through(work) {
      if (free > 0) free--;
      else if (waiting.length < maxWaiting) await new Promise<void>((resolve) => waiting.push(resolve));
      else
        throw new MeridianError('overloaded', `${maxWaiting} are waiting for the store`, { retryAfterS: 1 });
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free++;
      }
    },
  };
}
