/**
 * One request as one line of the access log. Everything here runs for every request, cached ones too, so
 * a line is one string concatenation: no object, no array, no date is made for it.
 */
import { escapeControls } from './escape.ts';
import { withoutTokens } from './loggable.ts';
import { readableSize } from './readable.ts';
import { onlyCredentials, type Redaction, redaction } from './redaction.ts';

export interface AccessRecord {
  /** When the request arrived, ms since the epoch. */
  readonly timeMs: number;
  /** Request id, the same in every tier. */
  readonly id: string;
  readonly node: string;
  /** The client's address; anything, where no line says it. */
  readonly client: string;
  readonly method: string;
  /** Path and query as received; credentials in it are replaced here. */
  readonly target: string;
  readonly status: number;
  /** Of the body; `null` when its length was not known. */
  readonly bytes: number | null;
  readonly durationMs: number;
  /** How the look-up ended (`outcome.ts`). */
  readonly outcome: string;
  readonly kind: string;
  readonly route: string;
  /** Not everybody may read what was asked for. */
  readonly isRestricted?: boolean | undefined;
  readonly userAgent?: string | undefined;
  /** Written in the combined format alone. */
  readonly referer?: string | undefined;
  readonly traceId?: string | undefined;
}

const standard = redaction(onlyCredentials);

/** Longest user agent that is kept, in characters. */
export const longestUserAgent = 512;

/**
 * With its line break. `node`, `outcome`, `kind` and `route` are our own words and need no escaping; all the
 * rest may come from the client. What is the same as in the line before is not put together again.
 */
export function jsonLine(r: AccessRecord, hide: Redaction = standard): string {
  const whole = Math.floor(r.timeMs / 1000);
  const time = `{"time":"${secondOf(whole)}${thousandth(Math.floor(r.timeMs) - whole * 1000)}`;
  const target = escaped(hide.target(r.target, r.isRestricted ?? false));
  const traced = r.traceId === undefined ? '}\n' : `,"traceId":${quote(r.traceId)}}\n`;
  return (
    time +
    from(r.node, hide.client(r.client), r.method, null) +
    target +
    '","id":"' +
    escaped(r.id) +
    given(r.status, r.bytes, null, null) +
    decimal(r.durationMs) +
    about(r.outcome, r.route, r.kind, r.userAgent) +
    traced
  );
}

const from = remembered(
  (node: string, client: string, method: string) =>
    `Z","node":"${node}","client":${quote(client)},"method":${quote(method)},"target":"`,
);

const given = remembered(
  (status: number, bytes: number | null) => `","status":${status},"bytes":${bytes},"durationMs":`,
);

const about = remembered((outcome: string, route: string, kind: string, userAgent: string | undefined) => {
  const agent =
    userAgent === undefined
      ? ''
      : `,"userAgent":${quote(withoutTokens(userAgent).slice(0, longestUserAgent))}`;
  return `,"outcome":"${outcome}","route":"${route}","kind":"${kind}"${agent}`;
});

/** The text that was written last, for as long as it is asked for again. Of what it is made of, the rest is `null`. */
function remembered<A, B, C, D>(write: (a: A, b: B, c: C, d: D) => string) {
  let last: { readonly a: A; readonly b: B; readonly c: C; readonly d: D } | null = null;
  let text = '';
  return (a: A, b: B, c: C, d: D): string => {
    if (last !== null && last.a === a && last.b === b && last.c === c && last.d === d) return text;
    last = { a, b, c, d };
    text = write(a, b, c, d);
    return text;
  };
}

/** The inside of a JSON string. */
function escaped(value: string): string {
  return needsEscape.test(value) ? quote(value).slice(1, -1) : value;
}

/** `12:04:31.250 pop-a 10.0.0.7 GET /npm/react 200 12.3 KiB 1.204 ms hit npm/packument 5f3a…` */
export function textLine(r: AccessRecord, hide: Redaction = standard): string {
  const target = hide.target(r.target, r.isRestricted ?? false);
  const request = `${plain(hide.client(r.client))} ${plain(r.method)} ${plain(target)}`;
  const size = r.bytes === null ? '-' : readableSize(r.bytes);
  const answer = `${r.status} ${size} ${decimal(r.durationMs)} ms ${r.outcome} ${r.route}/${r.kind}`;
  return `${isoTime(r.timeMs).slice(11, 23)} ${r.node} ${request} ${answer} ${plain(r.id)}\n`;
}

/** Anything but printable ASCII, and what JSON escapes of that. */
const needsEscape = /[^ !#-[\]-~]/;

/** What JSON leaves alone and terminals do not: more controls, separators, invisible and direction-changing marks. */
const misleading = /[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A JSON string. */
function quote(value: string): string {
  return needsEscape.test(value) ? JSON.stringify(value).replace(misleading, unicodeEscape) : `"${value}"`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** One word: blanks would move the columns. */
function plain(value: string): string {
  return (needsEscape.test(value) ? escapeControls(value) : value).replaceAll(' ', '%20');
}

let second = Number.NaN;
let secondText = '';

/** RFC 3339 up to the point of the fraction. Most records fall into the same second as the one before. */
function secondOf(whole: number): string {
  if (whole !== second) {
    second = whole;
    secondText = new Date(whole * 1000).toISOString().slice(0, 20);
  }
  return secondText;
}

/** RFC 3339 with milliseconds. */
function isoTime(timeMs: number): string {
  const whole = Math.floor(timeMs / 1000);
  return `${secondOf(whole)}${thousandth(Math.floor(timeMs) - whole * 1000)}Z`;
}

/** As text: three digits of a fraction; and durations below 10 ms, once they were written. */
const thousandths = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, '0'));
const shortTimes: (string | undefined)[] = new Array(10_000).fill(undefined);

/** Three decimals, without going through the conversion of a fraction to text, which is slow. */
function decimal(valueMs: number): string {
  const micros = Math.max(0, Math.round(valueMs * 1000));
  const known = micros < shortTimes.length ? shortTimes[micros] : undefined;
  if (known !== undefined) return known;
  const whole = Math.floor(micros / 1000);
  const text = `${whole}.${thousandth(micros - whole * 1000)}`;
  if (micros < shortTimes.length) shortTimes[micros] = text;
  return text;
}

function thousandth(value: number): string {
  return thousandths[value] ?? '000';
}
