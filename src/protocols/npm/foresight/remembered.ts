/** The choices that the origin has at hand, within a bound of memory: what has not been used for the longest time goes. */

import { readChoices } from './choices.ts';
import { Picker } from './pick.ts';

interface Kept {
  readonly etag: string;
  readonly picker: Picker;
  readonly weight: number;
  /** Until then nobody looks whether there are newer ones; `Clock.elapsed()`. */
  readonly untilMs: number;
  /** The newest purge at that time. */
  readonly asOf: number;
}

export interface Remembered {
  /** `null`: they have to be read. @param spares whether no purge since the one with this number was about them. */
  find(name: string, nowMs: number, spares: (since: number) => boolean): Picker | null;
  /** @param etag of `bytes`: the same as before are not parsed again. */
  remember(
    name: string,
    etag: string,
    bytes: Uint8Array,
    until: Pick<Kept, 'untilMs' | 'asOf'> & Partial<Pick<Picker, 'isRestricted'>>,
  ): Picker;
  /** Bytes of memory, about. */
  readonly weight: number;
}

/** Parsed, text takes about as much again. */
const weightPerByte = 3;

export function openRemembered(maxBytes: number): Remembered {
  const known = new Map<string, Kept>();
  let total = 0;

  function forget(name: string): void {
    total -= known.get(name)?.weight ?? 0;
    known.delete(name);
  }

  /** The one that was used last goes last. */
  function keep(name: string, kept: Kept): void {
    forget(name);
    known.set(name, kept);
    total += kept.weight;
  }

  return {
    find(name, nowMs, spares) {
      const kept = known.get(name);
      if (kept === undefined || nowMs >= kept.untilMs || !spares(kept.asOf)) return null;
      keep(name, kept);
      return kept.picker;
    },

    remember(name, etag, bytes, { isRestricted = false, ...until }) {
      const before = known.get(name);
      const isSame = before?.etag === etag && etag !== '' && before.picker.isRestricted === isRestricted;
      const picker = isSame ? before.picker : new Picker(readChoices(bytes), isRestricted);
      keep(name, { etag, picker, weight: bytes.byteLength * weightPerByte + 1_000, ...until });
      for (const oldest of known.keys()) {
        if (total <= maxBytes) break;
        forget(oldest);
      }
      return picker;
    },

    get weight() {
      return total;
    },
  };
}
