/**
 * So many at a time: the others wait for their turn, in order.
 */
export interface Turns {
  take<T>(work: () => Promise<T>): Promise<T>;
}

/** The caller sees to it that not too many wait. */
export function turns(limit: number): Turns {
  const waiting: (() => void)[] = [];
  let working = 0;

  return {
    async take(work) {
      if (working >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
      else working++;
      try {
        return await work();
      } finally {
        // The turn is handed on rather than given back, so that nobody slips in between.
        const next = waiting.shift();
        if (next) next();
        else working--;
      }
    },
  };
}
