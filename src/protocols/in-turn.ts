/** Work that nobody waits for, a few pieces at a time: what is fetched ahead of whoever is going to ask for it. */

export interface InTurn {
  /** Whether there is room for one more. */
  readonly hasRoom: boolean;
  /** Begins when its turn comes. Nothing happens where there is no room. */
  add(work: () => Promise<void>): void;
}

/** @param atOnce pieces under way at once; 0: none ever. */
export function inTurn(atOnce: number, mostWaiting: number): InTurn {
  const waiting: (() => Promise<void>)[] = [];
  let underWay = 0;

  function next(): void {
    while (underWay < atOnce) {
      const begin = waiting.shift();
      if (begin === undefined) return;
      underWay++;
      begin()
        .catch(() => undefined) // whoever asks for it hears of what went wrong, and it is logged as a fill that failed
        .finally(() => {
          underWay--;
          next();
        });
    }
  }

  return {
    get hasRoom() {
      return atOnce > 0 && waiting.length < mostWaiting;
    },
    add(work) {
      if (atOnce === 0 || waiting.length >= mostWaiting) return;
      waiting.push(work);
      next();
    },
  };
}
