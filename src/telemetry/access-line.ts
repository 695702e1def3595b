/**
 * One request as one line of the access log. Everything here runs for every request, cached ones too, so
 * a line is one string concatenation: no object, no array, no date is made for it.
 */
import { escapeControls } from './escape.ts';
import { loggable } from './loggable.ts';
import { readableSize } from './readable.ts';

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
  readonly userAgent?: string | undefined;
  readonly traceId?: string | undefined;
}

/** Longest user agent that is kept, in characters. */
const userAgentLength = 512;

/**
 * With its line break. `node`, `outcome`, `kind` and `route` are our own words and need no escaping; all the
 * rest may come from the client. What is the same as in the line before is not put together again.
 */
export function jsonLine(r: AccessRecord): string {
  const { timeMs } = r;
  const whole = Math.floor(timeMs / 1000);
  const time = `{"time":"${secondOf(whole)}${thousandth(Math.floor(timeMs) - whole * 1000)}`;
  const traced = r.traceId === undefined ? '}\n' : `,"traceId":${quote(r.traceId)}}\n`;
  return (
    time +
    whoOf(r) +
    escaped(loggable(r.target)) +
    '","id":"' +
    escaped(r.id) +
    sizeOf(r) +
    decimal(r.durationMs) +
    whatOf(r) +
    traced
  );
}

const whoOf = remembered<'node' | 'client' | 'method'>(
  (a, b) => a.client === b.client && a.method === b.method && a.node === b.node,
  ({ node, client, method }) =>
    `Z","node":"${node}","client":${quote(client)},"method":${quote(method)},"target":"`,
);

const sizeOf = remembered<'status' | 'bytes'>(
  (a, b) => a.status === b.status && a.bytes === b.bytes,
  ({ status, bytes }) => `","status":${status},"bytes":${bytes},"durationMs":`,
);

const whatOf = remembered<'outcome' | 'route' | 'kind' | 'userAgent'>(
  (a, b) =>
    a.outcome === b.outcome && a.route === b.route && a.kind === b.kind && a.userAgent === b.userAgent,
  ({ outcome, route, kind, userAgent }) => {
    const agent = userAgent === undefined ? '' : `,"userAgent":${quote(userAgent.slice(0, userAgentLength))}`;
    return `,"outcome":"${outcome}","route":"${route}","kind":"${kind}"${agent}`;
  },
);

/** The text for the record before, as long as another one does not differ in these. */
function remembered<Fields extends keyof AccessRecord>(
  isSame: (a: Pick<AccessRecord, Fields>, b: Pick<AccessRecord, Fields>) => boolean,
  write: (record: Pick<AccessRecord, Fields>) => string,
): (record: AccessRecord) => string {
  let last: AccessRecord | null = null;
  let text = '';
  return (record) => {
    if (last === null || !isSame(last, record)) text = write(record);
    last = record;
    return text;
  };
}

/** The inside of a JSON string. */
function escaped(value: string): string {
  return needsEscape.test(value) ? quote(value).slice(1, -1) : value;
}

/** `12:04:31.250 pop-a 10.0.0.7 GET /npm/react 200 12.3 KiB 1.204 ms hit npm/packument 5f3a…` */
export function textLine(r: AccessRecord): string {
  const request = `${plain(r.client)} ${plain(r.method)} ${plain(loggable(r.target))}`;
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
