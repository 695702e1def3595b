/**
 * Fetches ahead what the same client is going to ask for next, when something has come from an upstream: an index makes clients ask for a file,
 * and a file's metadata for other packages. Through the origin's own cache, so whoever asks meanwhile follows the same fill. Only what was new
 * here is foreseen, so what is wanted every day costs nothing; and only for somebody who waits, so that one thing foreseen leads to no other.
 */
import type { Answer } from '../../entry.ts';
import { inTurn } from '../in-turn.ts';
import type { Ecosystem, Item, Pulling, RegistryOrigin } from './ecosystem.ts';
import { resourceOf } from './item.ts';
import { below } from './name.ts';

export interface Ahead {
  /** Neither waits nor fails. */
  foresee(item: Item, answer: Answer, at: Pulling): void;
}

/** Waiting for their turn; what comes beyond that is fetched when it is asked for. */
const mostWaiting = 200;
/** Of one document. */
const mostOfOne = 4;
/** A longer document is not looked into: that would hold up whoever waits for it, and for everything else. */
const longestBytes = 4 * 2 ** 20;

/** @param atOnce items that are fetched at once; 0: nothing is fetched ahead. */
export function openAhead(registry: RegistryOrigin, { atOnce }: { readonly atOnce: number }): Ahead {
  const { ecosystem } = registry;
  const turns = inTurn(atOnce, mostWaiting);
  /** What is waiting or under way, by its key. */
  const wantedAlready = new Set<string>();
  /** What was foreseen leads to nothing further, whoever waits for it by now. */
  const foreseen = new WeakSet<object>();

  return {
    foresee(item, { status, body }, { ask, door }) {
      if (!turns.hasRoom || ask.background || foreseen.has(ask.named)) return;
      if (status !== 200 || !(body instanceof Uint8Array) || body.byteLength > longestBytes) return;
      if (!isAskedFor(item, registry, ask)) return;
      for (const wanted of likelyAfter(ecosystem, item, body)) {
        if (!turns.hasRoom) break;
        if (wanted.name !== null && registry.livesHere(wanted.name)) continue;
        const resource = resourceOf(registry, wanted);
        if (wantedAlready.has(resource.key)) continue;
        wantedAlready.add(resource.key);
        foreseen.add(resource);
        const asked = { ...ask, stored: null, part: null, background: true };
        turns.add(async () => {
          try {
            await door.fetchAhead(resource, asked);
          } finally {
            wantedAlready.delete(resource.key);
          }
        });
      }
    },
  };
}

function likelyAfter(ecosystem: Ecosystem, item: Item, body: Uint8Array): readonly Item[] {
  try {
    return ecosystem.foresee?.(item, body).slice(0, mostOfOne) ?? [];
  } catch {
    return []; // A document that cannot be looked into foretells nothing, and is given out all the same.
  }
}

/** What is read on behalf of something else, or ahead of somebody, is not what the client has: he goes on from that. */
function isAskedFor(
  { path }: Item,
  { ecosystem, prefix }: RegistryOrigin,
  { exchange }: Pulling['ask'],
): boolean {
  const read = ecosystem.read(...below({ prefix }, exchange.target));
  if (read.as === 'forms') return read.forms.some((form) => form.path === path);
  return read.as === 'item' && read.item.path === path;
}
