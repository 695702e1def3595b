/** Lets so many through at once; others wait, in the order in which they came. */
export interface Gate {
  through<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function gate(atOnce: number): Gate {
  const waiting: (() => void)[] = [];
  let free = atOnce;

  return {
    async through(work) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
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
