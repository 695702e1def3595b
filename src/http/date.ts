/**
 * `HTTP-date` (RFC 9110 §5.6.7): the three forms that a recipient must accept, and no other.
 *
 * Letters match in any case (RFC 9111 §4.2 asks that of caches). The name of the day must be one, but need
 * not be the date's own: it carries no information, and RFC 9110 does not ask a recipient to check it.
 */

/** Years of two digits lie at most 50 years after this moment, where the caller gives none: the start of 2026. */
const defaultNowMs = Date.UTC(2026, 0);

/**
 * @param nowMs decides the century of an RFC 850 date, which has a year of two digits: more than 50 years
 *   from now means the past (RFC 9110 §5.6.7).
 * @returns milliseconds since the epoch; `undefined` for anything that is not an HTTP-date.
 */
export function parseHttpDate(value: string, nowMs = defaultNowMs): number | undefined {
  switch (value.length) {
    case 29:
      // One answer's date is wanted several times, and most answers of one second have the same.
      if (value !== latest.text) latest = { text: value, ms: parseImfFixdate(value) };
      return latest.ms;
    case 24:
      return parseAsctime(value);
    default:
      return parseRfc850(value, nowMs);
  }
}

let latest: { readonly text: string; readonly ms: number | undefined } = { text: '', ms: undefined };

/** IMF-fixdate, in GMT, at or before the given time. Times outside the years 0 to 9999 are moved there. */
export function formatHttpDate(ms: number): string {
  const second = Math.floor(Math.min(Math.max(ms, firstMs), lastMs) / 1000);
  const slot = second & (slots - 1);
  const known = texts[slot];
  if (known !== undefined && seconds[slot] === second) return known;
  const text = new Date(second * 1000).toUTCString();
  seconds[slot] = second;
  texts[slot] = text;
  return text;
}

/** The last texts by second: all responses of a second share one, and stored dates do not push it out. */
const slots = 64;
const seconds = new Float64Array(slots);
const texts: (string | undefined)[] = new Array(slots).fill(undefined);

const firstMs = -62_167_219_200_000;
const lastMs = 253_402_300_799_000;

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const longDayNames = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `Sun, 06 Nov 1994 08:49:37 GMT` */
function parseImfFixdate(value: string): number | undefined {
  const text = value.toLowerCase();
  if (!dayNames.includes(text.slice(0, 3)) || !text.startsWith(', ', 3) || !text.endsWith(' gmt'))
    return undefined;
  if (text[7] !== ' ' || text[11] !== ' ' || text[16] !== ' ') return undefined;
  return instant(digits(text, 12, 4), text.slice(8, 11), digits(text, 5, 2), text, 17);
}

/** `Sunday, 06-Nov-94 08:49:37 GMT` */
function parseRfc850(value: string, nowMs: number): number | undefined {
  const text = value.toLowerCase();
  const at = text.indexOf(', ') + 2;
  if (text.length !== at + 22 || !longDayNames.includes(text.slice(0, at - 2))) return undefined;
  if (text[at + 2] !== '-' || text[at + 6] !== '-' || text[at + 9] !== ' ' || !text.endsWith(' gmt'))
    return undefined;
  const [day, month, year] = [digits(text, at, 2), text.slice(at + 3, at + 6), digits(text, at + 7, 2)];
  if (year === -1) return undefined;
  const latest = new Date(nowMs);
  latest.setUTCFullYear(latest.getUTCFullYear() + 50);
  const century = latest.getUTCFullYear() - (latest.getUTCFullYear() % 100);
  const ms = instant(century + year, month, day, text, at + 10);
  if (ms !== undefined && ms <= latest.getTime()) return ms;
  return instant(century - 100 + year, month, day, text, at + 10);
}

/** `Sun Nov  6 08:49:37 1994`: the day is padded with a space. */
function parseAsctime(value: string): number | undefined {
  const text = value.toLowerCase();
  if (!dayNames.includes(text.slice(0, 3)) || text[3] !== ' ' || text[7] !== ' ') return undefined;
  if (text[10] !== ' ' || text[19] !== ' ') return undefined;
  const day = text[8] === ' ' ? digits(text, 9, 1) : digits(text, 8, 2);
  return instant(digits(text, 20, 4), text.slice(4, 7), day, text, 11);
}

/** @param timeAt where `hh:mm:ss` stands in `text`. A leap second is the start of the next minute. */
function instant(
  year: number,
  monthName: string,
  day: number,
  text: string,
  timeAt: number,
): number | undefined {
  const month = months.indexOf(monthName);
  const hour = digits(text, timeAt, 2);
  const minute = digits(text, timeAt + 3, 2);
  const second = digits(text, timeAt + 6, 2);
  if (text[timeAt + 2] !== ':' || text[timeAt + 5] !== ':') return undefined;
  if (year < 0 || month === -1 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return undefined;
  // Date.UTC takes the years 0 to 99 for 1900 to 1999; the calendar repeats every 400 years.
  return Date.UTC(year + 400, month, day, hour, minute, second) - fourCenturiesMs;
}
const fourCenturiesMs = 146_097 * 86_400_000;

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 1 && !leap ? 28 : (monthDays[month] ?? 0);
}

/** The number that `count` digits write, or -1 when one of them is something else. */
function digits(text: string, at: number, count: number): number {
  let number = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    number = number * 10 + digit;
  }
  return number;
}
