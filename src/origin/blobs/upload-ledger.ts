/** What uploads are under way, of whom, and how long each is: so that a bound is looked at without looking at the disk. */
import { MeridianError } from '../../errors.ts';
import type { UploadBounds, UploadsUnderWay } from '../../store.ts';

/** Whoever is told so may find more room by then. */
const retryAfterS = 60;

interface Noted {
  readonly by: string;
  bytes: number;
}

export const unbounded: UploadBounds = {
  uploads: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
  uploadsOfOne: Number.POSITIVE_INFINITY,
  bytesOfOne: Number.POSITIVE_INFINITY,
};

export interface UploadLedger {
  readonly underWay: UploadsUnderWay;
  /** Names of files. */
  names(): readonly string[];
  has(name: string): boolean;
  /** One that there is, as long as it is. */
  note(name: string, by: string, bytes: number): void;
  /** Counts bytes that come. @throws `overloaded` where they are too many, and then counts none. */
  more(name: string, bytes: number): void;
  forget(name: string): void;
  /** @throws `overloaded` where one more is too many. */
  refuseOneMore(by: string): void;
}

export function uploadLedger(bounds: () => UploadBounds): UploadLedger {
  const all = new Map<string, Noted>();
  const each = new Map<string, { uploads: number; bytes: number }>();
  let total = 0;

  function count(by: string, uploads: number, bytes: number): void {
    const own = each.get(by) ?? { uploads: 0, bytes: 0 };
    own.uploads += uploads;
    own.bytes += bytes;
    total += bytes;
    if (own.uploads === 0) each.delete(by);
    else each.set(by, own);
  }

  function forget(name: string): void {
    const noted = all.get(name);
    if (noted === undefined) return;
    all.delete(name);
    count(noted.by, -1, -noted.bytes);
  }

  return {
    get underWay() {
      return { uploads: all.size, bytes: total };
    },
    names: () => [...all.keys()],
    has: (name) => all.has(name),
    note(name, by, bytes) {
      forget(name);
      all.set(name, { by, bytes });
      count(by, 1, bytes);
    },
    more(name, bytes) {
      const noted = all.get(name);
      if (noted === undefined) return;
      const { bytes: most, bytesOfOne } = bounds();
      if (total + bytes > most) throw full(`uploads under way have ${most} bytes`);
      if ((each.get(noted.by)?.bytes ?? 0) + bytes > bytesOfOne)
        throw full(`your uploads under way have ${bytesOfOne} bytes`);
      noted.bytes += bytes;
      count(noted.by, 0, bytes);
    },
    forget,
    refuseOneMore(by) {
      const { uploads: most, uploadsOfOne } = bounds();
      if (all.size >= most) throw full(`${most} uploads are under way`);
      if ((each.get(by)?.uploads ?? 0) >= uploadsOfOne)
        throw full(`${uploadsOfOne} of your uploads are under way`);
    },
  };
}

function full(what: string): MeridianError {
  return new MeridianError('overloaded', `${what}, which is as much as there may be`, { retryAfterS });
}
