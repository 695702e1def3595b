/**
 * Sizes and durations as people write them: `256 MiB`, `5m`, or plain numbers in the parameter's own unit.
 */

const sizes = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const durationsMs = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

type SizeUnit = keyof typeof sizes;
type DurationUnit = keyof typeof durationsMs;

/** Bytes as a number, or text with a unit: `'256 MiB'`, `'1.5GB'`. */
export type Size = number | `${number}${SizeUnit}` | `${number} ${SizeUnit}`;

/** A number in the parameter's own unit (seconds or milliseconds, see its name), or text: `'90s'`, `'5m'`, `'30d'`. */
export type Duration = number | `${number}${DurationUnit}` | `${number} ${DurationUnit}`;

const written = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/;

/** Whole bytes, or `undefined` for what is no size. Units are told apart by letter, not by case: `256 mib` is fine. */
export function parseSize(value: unknown): number | undefined {
  return parse(value, sizes, 1);
}

/** Whole milliseconds (`perUnitMs` 1) or seconds (1000), or `undefined` for what is no duration. */
export function parseDuration(value: unknown, perUnitMs: 1 | 1000): number | undefined {
  return parse(value, durationsMs, perUnitMs);
}

function parse(value: unknown, units: Readonly<Record<string, number>>, per: number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const [, digits, letters] = written.exec(value.trim()) ?? [];
  if (digits === undefined || letters === undefined) return undefined;
  const factor = Object.entries(units).find(([unit]) => unit.toLowerCase() === letters.toLowerCase())?.[1];
  if (factor === undefined) return undefined;
  const amount = Math.round((Number(digits) * factor) / per);
  return Number.isSafeInteger(amount) ? amount : undefined;
}
