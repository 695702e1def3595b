/** Work that reads much is done a few at a time: others wait for their turn, and beyond a number of those, nobody does. */
import { MeridianError } from '../errors.ts';

/** @param what completes "too many ask for …". */
export function fewAtOnce(atOnce: number, mostWaiting: number, what: string) {
  const waiting: (() => void)[] = [];
  let underWay = 0;

  /** @throws `overloaded`, and whatever the work throws. */
  return async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (underWay >= atOnce) {
      if (waiting.length >= mostWaiting) throw new MeridianError('overloaded', `too many ask for ${what}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else underWay++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) underWay--;
      else next();
    }
  };
}
