/** Ranges of versions (learn.microsoft.com/nuget/concepts/package-versioning#version-ranges): `[1.0.0, 2.0.0)`, `[1.0.0]`, `1.0.0` for that and later. */
import { versions } from './version.ts';

/** What a restore takes of these. A pre-release only where the range begins with one. `null`: nothing fits. */
export function lowestIn(all: readonly string[], range: string): string | null {
  const bounds = readRange(range);
  if (bounds === null) return null;
  const { from, to, hasFrom, hasTo } = bounds;
  const mayBePrerelease = from !== null && versions.isPrerelease(from);
  let lowest: string | null = null;
  for (const version of all) {
    if (!mayBePrerelease && versions.isPrerelease(version)) continue;
    const above = from === null ? 1 : versions.compare(version, from);
    const below = to === null ? -1 : versions.compare(version, to);
    if (above < 0 || (above === 0 && !hasFrom) || below > 0 || (below === 0 && !hasTo)) continue;
    if (lowest === null || versions.compare(version, lowest) < 0) lowest = version;
  }
  return lowest;
}

interface Bounds {
  /** `null`: none. */
  readonly from: string | null;
  readonly to: string | null;
  /** Whether it is in the range itself. */
  readonly hasFrom: boolean;
  readonly hasTo: boolean;
}

/** `null`: it cannot be read. */
function readRange(range: string): Bounds | null {
  const text = range.trim();
  if (versions.isVersion(text)) return { from: text, to: null, hasFrom: true, hasTo: false };
  const [, start, inner = '', end] = /^([[(])([^[\]()]*)([\])])$/.exec(text) ?? [];
  if (start === undefined) return null;
  const [from = '', to = from, ...more] = inner.split(',').map((part) => part.trim());
  if (more.length > 0 || ![from, to].every((each) => each === '' || versions.isVersion(each))) return null;
  return { from: from || null, to: to || null, hasFrom: start === '[', hasTo: end === ']' };
}
