/** `90d`, `12h`, `30m`, `45s`: seconds. */
import { UsageError } from '../exit.ts';

const units = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** @param option that says it, for people. */
export function secondsIn(text: string, option = '--expires'): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (
    number === undefined ||
    !(unit === 's' || unit === 'm' || unit === 'h' || unit === 'd') ||
    Number(number) === 0
  )
    throw new UsageError(`${option} takes a time such as 90d, 12h or 30m; not ${text}`);
  return Number(number) * units[unit];
}
