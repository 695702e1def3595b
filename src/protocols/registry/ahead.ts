/**
 * Fetches ahead what the same client is going to ask for next, when something has come from an upstream: an index makes clients ask for a file,
 * and a file's metadata for other packages. Through the origin's own cache, so whoever asks meanwhile follows the same fill. Only what was new
 * here is foreseen, so what is wanted every day costs nothing; and only for somebody who waits, so that one thing foreseen leads to no other.
 */
import type { Answer } from '../../entry.ts';
import type { Item } from './ecosystem.ts';
import { resourceOf } from './item.ts';
import type { Pulling, RegistryOrigin } from './origin.ts';

export interface Ahead {
  /** Neither waits nor fails. */
  foresee(item: Item, answer: Answer, at: Pulling): void;
}

/** Waiting for their turn; what comes beyond that is fetched when it is asked for. */
const mostWaiting = 200;
/** Of one document. */
const mostOfOne = 4;

/** @param atOnce items that are fetched at once; 0: nothing is fetched ahead. */
export function openAhead(registry: RegistryOrigin, { atOnce }: { readonly atOnce: number }): Ahead {
  const { ecosystem } = registry;
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
    foresee(item, { status, body }, { ask, door }) {
      if (atOnce === 0 || ecosystem.foresee === undefined || ask.background) return;
      if (status !== 200 || !(body instanceof Uint8Array)) return;
      for (const wanted of ecosystem.foresee(item, body).slice(0, mostOfOne)) {
        if (waiting.length >= mostWaiting) break;
        if (wanted.name !== null && registry.hosted?.claims(wanted.name) === true) continue;
        waiting.push(() =>
          door.fetchAhead(resourceOf(registry, wanted), {
            ...ask,
            stored: null,
            part: null,
            background: true,
          }),
        );
      }
      next();
    },
  };
}
