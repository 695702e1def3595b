/**
 * What is in steady use here, and had better be confirmed or replaced before it is too old to be served at once: then nobody waits for that. A hit tells of
 * itself once a second at most.
 */
import type { CacheKey } from '../resource.ts';
import type { Visitor } from './visitor.ts';

/** Something in use, in the words of whoever has asked for it last. */
export interface InUse {
  readonly key: CacheKey;
  readonly route: string;
  readonly target: string;
  readonly accept: string | null;
  readonly visitor: Visitor;
  /** Seconds in which it was asked for, lately: fading, by half in ten minutes. */
  readonly seconds: number;
  readonly lastMs: number;
  /** By the clock of `hit`: it is left alone until then. */
  restsUntilMs: number;
}

export interface Popular {
  hit(of: Pick<InUse, 'key' | 'route' | 'target' | 'accept'>, visitor: () => Visitor, nowMs: number): void;
  /** What is asked for often enough to be kept fresh. */
  inUse(nowMs: number): readonly InUse[];
}

/** Most things are asked for once: in whose words is not worth keeping. */
interface SeenOnce extends Pick<InUse, 'seconds' | 'lastMs' | 'restsUntilMs'> {
  readonly visitor: null;
}

const most = 4_096;
const halfMs = 10 * 60_000;
/** Fewer are no steady use. */
const enough = 3;

export function openPopular(): Popular {
  /** What was asked for last is the last. */
  const all = new Map<CacheKey, InUse | SeenOnce>();
  const faded = ({ seconds, lastMs }: InUse | SeenOnce, nowMs: number) =>
    seconds * 0.5 ** ((nowMs - lastMs) / halfMs);

  return {
    hit(of, visitor, nowMs) {
      const known = all.get(of.key);
      if (known) {
        if (nowMs - known.lastMs < 1_000) return;
        const seconds = faded(known, nowMs) + 1;
        all.delete(of.key);
        const { restsUntilMs } = known;
        all.set(of.key, { ...of, visitor: visitor(), seconds, lastMs: nowMs, restsUntilMs });
        return;
      }
      all.set(of.key, { visitor: null, seconds: 1, lastMs: nowMs, restsUntilMs: 0 });
      if (all.size <= most) return;
      const [oldest] = all.keys();
      if (oldest !== undefined) all.delete(oldest);
    },
    inUse(nowMs) {
      const found: InUse[] = [];
      for (const each of all.values())
        if (each.visitor !== null && each.restsUntilMs <= nowMs && faded(each, nowMs) >= enough)
          found.push(each);
      return found;
    },
  };
}
