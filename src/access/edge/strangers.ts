/**
 * Tokens that a replica does not know: they may have been made a moment ago. The origin is asked, once for all who present the
 * same one; what it does not know either is not asked about again for a few seconds. Whoever guesses tokens gets no further
 * than this, because there are only so many questions at once.
 */
import type { Clock } from '../../clock.ts';
import { MeridianError } from '../../errors.ts';
import type { Introduction } from '../register/introduce.ts';

export interface Strangers {
  /** Makes the replica know the token, if the origin does. @throws whatever asking throws, and `overloaded`. */
  introduce(hash: string): Promise<boolean>;
}

export interface StrangersOptions {
  /** `null`: the origin does not know it. */
  readonly ask: (hash: string) => Promise<Introduction | null>;
  readonly learn: (introduction: Introduction) => void;
  readonly clock: Clock;
  /** How long "unknown" holds, ms. */
  readonly unknownMs: () => number;
}

const maxUnknown = 100_000;
const maxAtOnce = 64;

export function strangers({ ask, learn, clock, unknownMs }: StrangersOptions): Strangers {
  /** Until when, by `Clock.elapsed()`; the oldest first. */
  const unknown = new Map<string, number>();
  const asking = new Map<string, Promise<boolean>>();

  async function question(hash: string): Promise<boolean> {
    const introduction = await ask(hash);
    if (introduction !== null) {
      learn(introduction);
      return true;
    }
    const [oldest] = unknown.keys();
    if (unknown.size >= maxUnknown && oldest !== undefined) unknown.delete(oldest);
    unknown.set(hash, clock.elapsed() + unknownMs());
    return false;
  }

  return {
    async introduce(hash) {
      const untilMs = unknown.get(hash);
      if (untilMs !== undefined) {
        if (clock.elapsed() < untilMs) return false;
        unknown.delete(hash);
      }
      const asked = asking.get(hash);
      if (asked !== undefined) return asked;
      if (asking.size >= maxAtOnce)
        throw new MeridianError('overloaded', 'too many unknown tokens at once', { retryAfterS: 1 });
      const answer = question(hash).finally(() => asking.delete(hash));
      asking.set(hash, answer);
      return answer;
    },
  };
}
