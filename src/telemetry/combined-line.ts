/**
 * One request as one line of the "combined" format of Apache and NGINX, which most programs that read logs know:
 *
 *     192.0.2.7 - - [21/Nov/2026:12:04:31 +0000] "GET /npm/react HTTP/1.1" 200 12595 "-" "npm/11"
 *
 * Escaped as NGINX does: `"`, `\`, and all that is not printable ASCII as `\x22`, byte by byte of UTF-8. The name of a user is always
 * `-`, and the version of HTTP always 1.1, which a server behind the listener does not know.
 */
import type { AccessRecord } from './access-line.ts';
import { longestUserAgent } from './access-line.ts';
import { withoutTokens } from './loggable.ts';
import type { Redaction } from './redaction.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** With its line break. */
export function combinedLine(record: AccessRecord, hide: Redaction): string {
  const { timeMs, status, bytes, userAgent, referer, isRestricted = false } = record;
  const client = word(hide.client(record.client));
  const target = word(hide.target(record.target, isRestricted));
  const from = referer === undefined ? '-' : escaped(hide.target(referer, false));
  const agent = userAgent === undefined ? '-' : escaped(withoutTokens(userAgent).slice(0, longestUserAgent));
  const request = `${word(record.method)} ${target} HTTP/1.1`;
  return `${client} - - [${timeOf(timeMs)}] "${request}" ${status} ${bytes ?? '-'} "${from}" "${agent}"\n`;
}

const unprintable = /[^ !#-[\]-~]/;

function escaped(value: string): string {
  if (value === '') return '-';
  if (!unprintable.test(value)) return value;
  let text = '';
  for (const byte of new TextEncoder().encode(value)) {
    const character = String.fromCharCode(byte);
    const hex = byte.toString(16).toUpperCase().padStart(2, '0');
    text += byte > 0x7e || unprintable.test(character) ? `\\x${hex}` : character;
  }
  return text;
}

/** Blanks would move what follows. */
function word(value: string): string {
  return escaped(value).replaceAll(' ', '\\x20');
}

let second = Number.NaN;
let secondText = '';

/** Most records fall into the same second as the one before. */
function timeOf(timeMs: number): string {
  const whole = Math.floor(timeMs / 1000);
  if (whole !== second) {
    second = whole;
    const [year, month, day, ...time] = new Date(whole * 1000).toISOString().slice(0, 19).split(/[-T:]/);
    secondText = `${day}/${months[Number(month) - 1]}/${year}:${time.join(':')} +0000`;
  }
  return secondText;
}
