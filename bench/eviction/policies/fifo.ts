/** First in, first out: the floor that every policy should stand on. */
import type { Contender, Piece } from '../contender.ts';
import { queue } from '../queue.ts';

export function fifo(): Contender {
  const all = queue();
  return {
    ownBytes: 0,
    add: all.push,
    remove: all.remove,
    evict: () => takeOldest(all),
  };
}

function takeOldest(all: ReturnType<typeof queue>): Piece | null {
  const { oldest } = all;
  if (oldest) all.remove(oldest);
  return oldest;
}
