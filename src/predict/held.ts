/** What hangs on which of several things a client wants (`Foreseen.once`), until somebody shows that, or nobody has for a while. */
import type { Clock } from '../clock.ts';
import type { Foreseen } from '../foresight.ts';
import type { CacheKey } from '../resource.ts';
import type { Source } from './score.ts';
import type { Visitor } from './visitor.ts';

/** Rows that are followed in the same terms. */
export interface Following {
  readonly route: string;
  readonly source: Source;
  readonly threshold: number;
  readonly visitor: Visitor;
  readonly foreseen: readonly Foreseen[];
  /** Of the first of them, in what was foreseen along with it. */
  readonly rank: number;
}

export interface Held {
  /** Keeps what nobody has shown yet. @returns whether a row is to be followed now. */
  holdBack(following: Following): (row: Foreseen) => boolean;
  /** Somebody has asked for this. What it shows is not held any more, and hangs on nothing. */
  shownBy(key: CacheKey): readonly Following[];
}

export interface HeldOptions {
  readonly clock: Clock;
  /** Rows that are held, all together: the oldest go. Absent: as many as several large trees have. */
  readonly most?: number;
  /** Of what this client would ask for; `null`: there is no such thing. */
  keyOf(route: string, target: string, visitor: Visitor): CacheKey | null;
  /** Somebody has asked for it just now. */
  hasCome(key: CacheKey): boolean;
}

interface Kept {
  readonly keys: readonly CacheKey[];
  readonly following: Following;
  readonly untilMs: number;
}

/** An installer asks for what its project names within seconds, but for files: those may come in the end. */
const forMs = 120_000;

const mostRows = 32_768;

export function openHeld({ clock, most = mostRows, keyOf, hasCome }: HeldOptions): Held {
  /** The oldest is the first. */
  const all = new Set<Kept>();
  const byKey = new Map<CacheKey, Set<Kept>>();
  let size = 0;

  function drop(kept: Kept): void {
    if (!all.delete(kept)) return;
    size -= kept.following.foreseen.length;
    for (const key of kept.keys) {
      const others = byKey.get(key);
      others?.delete(kept);
      if (others?.size === 0) byKey.delete(key);
    }
  }

  function tidy(): void {
    for (const oldest of all) {
      if (size <= most && oldest.untilMs > clock.elapsed()) return;
      drop(oldest);
    }
  }

  function keep(keys: readonly CacheKey[], following: Following): void {
    const kept = { keys, following, untilMs: clock.elapsed() + forMs };
    all.add(kept);
    size += following.foreseen.length;
    for (const key of keys) byKey.set(key, (byKey.get(key) ?? new Set()).add(kept));
    tidy();
  }

  return {
    holdBack(following) {
      const { route, visitor, foreseen, rank } = following;
      const isShown = new Map<readonly string[], boolean>();
      for (const [at, { once }] of foreseen.entries()) {
        if (once === undefined || isShown.has(once)) continue;
        const keys = once.flatMap((target) => keyOf(route, target, visitor) ?? []);
        isShown.set(once, keys.some(hasCome));
        if (isShown.get(once) === true) continue;
        const rows = foreseen.filter((each) => each.once === once);
        keep(keys, {
          ...following,
          rank: rank + at,
          foreseen: rows.map((row) => ({ ...row, once: undefined })),
        });
      }
      return ({ once }) => once === undefined || isShown.get(once) === true;
    },
    shownBy(key) {
      if (!byKey.has(key)) return [];
      tidy();
      const shown = [...(byKey.get(key) ?? [])];
      for (const kept of shown) drop(kept);
      return shown.map(({ following }) => following);
    },
  };
}
