/**
 * The heads of messages on the wire (RFC 9112 §2 to §5): a request's as it is written, an answer's as it is read.
 *
 * Reading is strict. Where a recipient may choose between repairing and refusing (a bare LF, a folded line, white
 * space before a colon), two recipients may choose differently, so all of it is refused.
 */
import { MeridianError } from '../../errors.ts';
import { hopByHop } from '../fields.ts';

/** What ends with the body rather than with the sender's word for it. */
export type RequestFraming =
  | { readonly by: 'length'; readonly bytes: number }
  | { readonly by: 'chunks' }
  | null;

export interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
}

/** Fields that are the connection's or the framing's, and so ours to write. */
const ours: ReadonlySet<string> = new Set([...hopByHop, 'host', 'content-length']);

/**
 * Names the sender, and asks for no content coding, where the fields say nothing about that.
 *
 * @param extra fields of this hop, each a whole line with its CRLF.
 */
export function formatHead(
  { method, target, authority }: RequestLine,
  headers: Headers,
  framing: RequestFraming,
  extra: string,
): string {
  let head = `${method} ${target} HTTP/1.1\r\nhost: ${authority}\r\n${extra}`;
  if (!headers.has('user-agent')) head += 'user-agent: meridian\r\n';
  if (!headers.has('accept-encoding')) head += 'accept-encoding: identity\r\n';
  headers.forEach((value, name) => {
    if (!ours.has(name)) head += `${name}: ${value}\r\n`;
  });
  if (framing?.by === 'length') head += `content-length: ${framing.bytes}\r\n`;
  if (framing?.by === 'chunks') head += 'transfer-encoding: chunked\r\n';
  return `${head}\r\n`;
}

/** The head of a response as it is written, for `Envelope`. */
export function formatResponseHead(status: number, headers: Headers): string {
  let head = `HTTP/1.1 ${status} \r\n`;
  for (const [name, value] of headers) if (!hopByHop.has(name)) head += `${name}: ${value}\r\n`;
  return `${head}\r\n`;
}

/** A head is no longer, with all its fields. */
const maxHeadBytes = 64 * 1024;

const maxFields = 512;

export interface ResponseHead {
  readonly status: number;
  readonly headers: Headers;
  /** HTTP/1.0: the connection ends with the answer, and there are no chunks. */
  readonly old: boolean;
}

const headEnd = '\r\n\r\n';

/**
 * How long the head is that these bytes begin with, with its empty line; 0 when they do not hold all of it.
 * Fails with `upstream-invalid` when it cannot become one any more.
 */
export function headLength(bytes: Buffer): number {
  const end = bytes.indexOf(headEnd, 0, 'latin1');
  if (end === -1 ? bytes.length >= maxHeadBytes : end > maxHeadBytes) throw invalid('has too many fields');
  if (end !== -1) return end + headEnd.length;
  if (!begins(bytes)) throw invalid('is not HTTP');
  return 0;
}

const version = 'HTTP/1.';

function begins(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, version.length);
  return bytes.toString('latin1', 0, length) === version.slice(0, length);
}

/** @param text the head as Latin-1, without its empty line. */
export function parseHead(text: string): ResponseHead {
  const lines = text.split('\r\n');
  const match = statusLine.exec(lines[0] ?? '');
  if (match === null) throw invalid('is not HTTP');
  if (lines.length > maxFields) throw invalid('has too many fields');
  const headers = new Headers();
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (!fieldLine.test(line)) throw invalid('has a malformed field');
    const colon = line.indexOf(':');
    headers.append(line.slice(0, colon), line.slice(colon + 1));
  }
  return { status: Number(match[2]), headers, old: match[1] === '0' };
}

/** A status has three digits, the first of them 1 to 5 (RFC 9110 §15). */
const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t -~\x80-\xff]*)?$/;

/** A token, a colon, and no control characters but HTAB (RFC 9110 §5.1, §5.5, §5.6.2). */
const fieldLine = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+:[^\0-\x08\x0a-\x1f\x7f]*$/;

function invalid(how: string): MeridianError {
  return new MeridianError('upstream-invalid', `the upstream's answer ${how}`);
}
