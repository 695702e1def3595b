/**
 * Amounts as a person reads them.
 */

const sizes = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
] as const;

/** `10 GiB`, `1.5 MiB`, `640 B`: at most one decimal. */
export function readableSize(bytes: number): string {
  for (const [unit, factor] of sizes) {
    if (bytes >= factor) return `${Math.round((bytes / factor) * 10) / 10} ${unit}`;
  }
  return `${bytes} B`;
}

/** `45s`, `12m`, `3h`, `2d`: whole, rounded down, in the largest unit that fits. */
export function readableSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
