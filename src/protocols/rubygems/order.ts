/** How versions of gems are ordered: `Gem::Version` of RubyGems. */
import type { VersionOrder } from '../registry/policy/order.ts';

type Segment = number | string;

const version = /^[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

export const gemOrder: VersionOrder = {
  isVersion: (text) => text.length <= 200 && version.test(text),
  compare: (a, b) => compare(segmentsOf(a), segmentsOf(b)),
  isPrerelease: (text) => /[A-Za-z-]/.test(text),
  canonical: (text) => segmentsOf(text).join('.') || '0',
};

/** Without zeros that say nothing: those at the end, and those before the first letters. */
function segmentsOf(text: string): readonly Segment[] {
  const all = (text.replaceAll('-', '.pre.').match(/[0-9]+|[A-Za-z]+/g) ?? []).map((part) =>
    /^[0-9]/.test(part) ? Number(part) : part,
  );
  const letters = all.findIndex((part) => typeof part === 'string');
  if (letters < 0) return withoutZeros(all);
  return [...withoutZeros(all.slice(0, letters)), ...withoutZeros(all.slice(letters))];
}

function withoutZeros(segments: readonly Segment[]): readonly Segment[] {
  const last = segments.findLastIndex((segment) => segment !== 0);
  return segments.slice(0, last + 1);
}

/** What is missing is zero; letters come before any number. */
function compare(a: readonly Segment[], b: readonly Segment[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const one = a[at] ?? 0;
    const other = b[at] ?? 0;
    if (one === other) continue;
    if (typeof one === 'string' && typeof other === 'string') return one < other ? -1 : 1;
    if (typeof one === 'string') return -1;
    if (typeof other === 'string') return 1;
    return one - other;
  }
  return 0;
}
