/** How far back one looks, how finely, and how often that is looked at again. */

export interface Range {
  readonly value: string;
  readonly label: string;
  readonly spanMs: number;
  readonly points: number;
  readonly everyMs: number;
}

const hourMs = 3_600_000;

const live: Range = { value: 'live', label: 'Live', spanMs: 300_000, points: 30, everyMs: 5_000 };

export const ranges: readonly Range[] = [
  live,
  { value: '1h', label: '1 h', spanMs: hourMs, points: 180, everyMs: 10_000 },
  { value: '6h', label: '6 h', spanMs: 6 * hourMs, points: 240, everyMs: 30_000 },
  { value: '24h', label: '24 h', spanMs: 24 * hourMs, points: 288, everyMs: 60_000 },
  { value: '7d', label: '7 d', spanMs: 7 * 24 * hourMs, points: 336, everyMs: 300_000 },
  { value: '30d', label: '30 d', spanMs: 30 * 24 * hourMs, points: 360, everyMs: 600_000 },
];

/** As the address has it; the last hour where it has nothing that is one. */
export function rangeOf(value: string | undefined): Range {
  return ranges.find((range) => range.value === value) ?? ranges[1] ?? live;
}
