/** Numbers as people read them. */
const whole = new Intl.NumberFormat('en-GB');
const short = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 3 });
const rough = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 2 });

export function count(value: number): string {
  return value >= 1_000_000 ? `${short.format(value / 1_000_000)} M` : whole.format(Math.round(value));
}

/** How many a second. */
export function rate(value: number): string {
  if (value >= 100 || value === 0) return count(value);
  return (value < 1 ? rough : short).format(value);
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return `${short.format(value / 1024 ** power)} ${units[power]}`;
}

/** @param share of 1. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0.995 && share < 1 ? 2 : 1)}%`;
}

export function milliseconds(ms: number): string {
  if (ms < 1) return `${short.format(ms * 1000)} µs`;
  return ms < 1000 ? `${short.format(ms)} ms` : `${short.format(ms / 1000)} s`;
}

/** How long ago, or how long it lasts. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export function time(ms: number): string {
  return moment.format(ms);
}
