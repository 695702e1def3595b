/** What a PoP renews before it is stale: what is in steady use, in the words of whoever has asked for it last. */
import { ageS, remainingS } from '../cache/freshness.ts';
import type { Parent } from '../parent.ts';
import type { Predictor } from '../predict/predictor.ts';
import { type Expiry, openRenewal } from '../predict/renewal.ts';
import type { Prospect } from '../predict/surroundings.ts';
import { questionFor } from './foreseen-question.ts';
import type { Node } from './node.ts';

type Renewing = Pick<Node, 'clock' | 'cache' | 'ring' | 'site'>;

export function openRenewals(node: Renewing, predictor: Predictor): { close(): void } {
  const { clock, cache } = node;
  return openRenewal({
    ...{ clock, predictor, popular: predictor.popular },
    isOn: () => node.site.config.predict !== false && node.site.config.predict.renew,
    expiry({ key, route, target, accept, visitor }): Expiry | null {
      const asked = questionFor(node, route, { target, accept: accept ?? undefined }, visitor);
      if (asked === null || asked.resource.key !== key || (node.ring?.before(key).length ?? 0) > 0)
        return null;
      const stored = cache.stored(asked.resource, asked.exchange);
      if (stored === null || stored.entry.status !== 200) return null;
      const { freshness } = stored.entry;
      const nowMs = clock.now();
      const leftS = remainingS(freshness, nowMs);
      return { inMs: leftS * 1000, lifetimeMs: (leftS + ageS(freshness, nowMs)) * 1000 };
    },
    prospect({ key, route: name, target, accept, visitor }): Prospect {
      return {
        key,
        async fetch() {
          const asked = questionFor(node, name, { target, accept: accept ?? undefined }, visitor);
          if (asked === null) return { bytes: 0, isKept: false, firstByteMs: null };
          const { route, resource, exchange } = asked;
          let firstByteMs: number | null = null;
          const parent: Parent = async (ask) => {
            const askedMs = clock.elapsed();
            const answer = await node.site.parentOf(route)(ask);
            firstByteMs = clock.elapsed() - askedMs;
            return answer;
          };
          const before = cache.stored(resource, exchange)?.entry;
          await cache.renew(resource, exchange, parent);
          const after = cache.stored(resource, exchange)?.entry;
          // As old as before: it could not be confirmed.
          if (firstByteMs !== null && after?.freshness.receivedMs === before?.freshness.receivedMs)
            throw new Error(`${target} could not be renewed`);
          const hasChanged = after !== undefined && after.etag !== before?.etag;
          const clue = hasChanged ? route.protocol.foresight?.clue(resource, exchange, nothingElse) : null;
          // Whoever asks for it next finds something new in it, and asks for that.
          if (clue) predictor.followClue(name, clue, 'renewed', { ...visitor, identity: null });
          return { bytes: hasChanged ? after.sizeBytes : 0, isKept: after !== undefined, firstByteMs };
        },
      };
    },
  });
}

const nothingElse = { asked: () => 0 };
