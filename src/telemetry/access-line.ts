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
  /** The client's address. */
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
 * rest may come from the client.
 */
export function jsonLine(r: AccessRecord, hide: Redaction = standard): string {
  const { method, id, isRestricted = false } = r;
  const client = hide.client(r.client);
  const target = hide.target(r.target, isRestricted);
  const hostile =
    needsEscape.test(target) || needsEscape.test(client) || needsEscape.test(method) || needsEscape.test(id);
  const request = hostile
    ? `"client":${quote(client)},"method":${quote(method)},"target":${quote(target)},"id":${quote(id)}`
    : `"client":"${client}","method":"${method}","target":"${target}","id":"${id}"`;
  const agent =
    r.userAgent === undefined
      ? ''
      : `,"userAgent":${quote(withoutTokens(r.userAgent).slice(0, longestUserAgent))}`;
  const trace = r.traceId === undefined ? '' : `,"traceId":${quote(r.traceId)}`;
  return `{"time":"${isoTime(r.timeMs)}","node":"${r.node}",${request},"status":${r.status},"bytes":${r.bytes},"durationMs":${decimal(r.durationMs)},"outcome":"${r.outcome}","route":"${r.route}","kind":"${r.kind}"${agent}${trace}}\n`;
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

/** RFC 3339 with milliseconds. Most records fall into the same second as the one before. */
function isoTime(timeMs: number): string {
  const whole = Math.floor(timeMs / 1000);
  if (whole !== second) {
    second = whole;
    secondText = new Date(whole * 1000).toISOString().slice(0, 20);
  }
  return `${secondText}${thousandth(Math.floor(timeMs) - whole * 1000)}Z`;
}

/** Three decimals, without going through the conversion of a fraction to text, which is slow. */
function decimal(valueMs: number): string {
  const micros = Math.max(0, Math.round(valueMs * 1000));
  const whole = Math.floor(micros / 1000);
  return `${whole}.${thousandth(micros - whole * 1000)}`;
}

function thousandth(value: number): string {
  return value < 10 ? `00${value}` : value < 100 ? `0${value}` : `${value}`;
}
