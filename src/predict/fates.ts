/**
 * What became lately of what was foreseen, for whoever asks why something was fetched ahead, or was not. Most of it is known by key; what was not even
 * looked at is known by its address alone.
 */
import type { Clock } from '../clock.ts';
import type { Fate } from '../messages/predictions.ts';
import type { CacheKey } from '../resource.ts';
import type { Brought } from './brought.ts';
import { openGenerations } from './generations.ts';
import type { Source } from './score.ts';

export interface Noted {
  readonly source: Source;
  readonly fate: Fate;
  /** By `Clock.elapsed()`. */
  readonly atMs: number;
}

export interface Fates {
  /** @param name a key, or `addressOf`. */
  note(name: string, source: Source, fate: Fate): void;
  /** The last that is known of it; `null`: it was not foreseen lately. */
  last(key: CacheKey, route: string, target: string): Noted | null;
}

export interface FatesOptions {
  readonly clock: Clock;
  /** What has been fetched, or is on its way. */
  readonly brought: (key: CacheKey) => Readonly<Brought> | null;
  readonly isWaiting: (key: CacheKey) => boolean;
}

/** Of each of two generations. */
const most = 4_096;

export function addressOf(route: string, target: string): string {
  return `${route} ${target}`;
}

export function openFates({ clock, brought, isWaiting }: FatesOptions): Fates {
  const noted = openGenerations<Noted>(most);

  return {
    note: (name, source, fate) => noted.note(name, { source, fate, atMs: clock.elapsed() }),
    last(key, route, target) {
      const each = brought(key);
      if (each !== null) {
        const { source, askedMs, hereMs, isUsed } = each;
        const fate = isUsed ? 'used' : hereMs === null ? 'coming' : 'here';
        return { source, fate, atMs: askedMs };
      }
      const all = [noted.get(key), noted.get(addressOf(route, target))].filter((one) => one !== null);
      const [newest = null] = all.toSorted((one, other) => other.atMs - one.atMs);
      // Somebody has come for it before it was begun.
      return newest?.fate === 'waiting' && !isWaiting(key) ? null : newest;
    },
  };
}
