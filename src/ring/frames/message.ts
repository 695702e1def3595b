/**
 * The question of one worker to another, and the answer to it, as bytes of a frame.
 *
 * Texts are lines: what stands in a header field, in a target, or in an address has no line breaks, and what has one all the
 * same is not sent.
 */
import { bodyAt, emptyFrame, kinds, textFrame } from './frame.ts';

/** A GET of a client, as far as the answer depends on it. */
interface About {
  readonly target: string;
  readonly base: string;
  /** Address. */
  readonly client: string;
  readonly id: string;
}

/** As it is put. */
export interface Asking extends About {
  /** The end-to-end ones, as `fieldLine` makes them, one after the other. */
  readonly fields: string;
}

/** As it is heard. */
export interface Question extends About {
  readonly headers: Headers;
}

/** What is fresh in memory. */
export interface Hit {
  readonly status: number;
  /** The member of `Server-Timing` of who gives it. */
  readonly timing: string;
  /** Fields, as `headersIn` reads them. */
  readonly head: string;
  readonly body: Blob;
}

/** The same of who gives it: its head is made once for many. */
export interface GivenHit {
  readonly status: number;
  readonly timing: string;
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

/**
 * `absent`: it is not in memory, or not fresh. `long`: it is, but its body or its head is too long for a frame. `otherwise`: there is more to say to this
 * request than frames can.
 */
export type Unhit = 'absent' | 'long' | 'otherwise';
export type Given = GivenHit | Unhit;
export type Got = Hit | Unhit;

/** A question is no longer than that: fields of clients are at most some 64 KiB together. */
export const mostQuestionBytes = 128 * 1024;
/** Longer bodies are not sent in frames: they would hold up those behind them, and streams cost them little. */
export const mostBodyBytes = 64 * 1024;
/** The same for heads: many of them are kept ready. */
export const mostHeadBytes = 8 * 1024;
/** An answer is no longer than that. */
export const mostAnswerBytes = mostBodyBytes + mostHeadBytes + 1024;

/** `null`: it cannot be put that way. */
export function questionFrame(id: number, asking: Asking): Buffer<ArrayBuffer> | null {
  const about = `${asking.target}\n${asking.base}\n${asking.client}\n${asking.id}`;
  if (about.split('\n').length !== aboutLines) return null;
  const text = about + asking.fields;
  return text.length > mostQuestionBytes / mostUtf8Bytes ? null : textFrame(kinds.ask, id, text);
}
const aboutLines = 4;
/** Of a UTF-16 code unit; one is for the rest of the frame. */
const mostUtf8Bytes = 4;

/** `null`: that is no question. */
export function questionIn(body: Buffer): Question | null {
  const lines = body.toString().split('\n');
  const [target = '', base = '', client = '', id = ''] = lines;
  if (target === '' || base === '' || id === '') return null;
  const headers = headersIn(lines, aboutLines);
  return headers && { target, base, client, id, headers };
}

/** Begins with a line break, so that it may follow something else. */
export function fieldLine(name: string, value: string): string {
  return `\n${name}\n${value}`;
}

/**
 * The fields in lines, names and values in turn.
 *
 * @param from the first line that is a name.
 * @returns `null`: these are no fields.
 */
export function headersIn(lines: readonly string[], from: number): Headers | null {
  if ((lines.length - from) % 2 !== 0) return null;
  const headers = new Headers();
  try {
    for (let at = from; at < lines.length; at += 2) headers.append(lines[at] ?? '', lines[at + 1] ?? '');
  } catch {
    return null; // a name or a value that no field can have
  }
  return headers;
}

/**
 *     status      u16
 *     timing      u16  bytes
 *     head        u32  bytes
 *     timing, head, body
 */
const hitHeadBytes = 8;

export function answerFrame(id: number, given: Given): Buffer<ArrayBuffer> {
  if (typeof given === 'string') return emptyFrame(kinds[given], id, 0);
  const { status, timing, head, body } = given;
  const timingBytes = Buffer.byteLength(timing);
  const frame = emptyFrame(kinds.hit, id, hitHeadBytes + timingBytes + head.length + body.length);
  frame.writeUInt16LE(status, bodyAt);
  frame.writeUInt16LE(timingBytes, bodyAt + 2);
  frame.writeUInt32LE(head.length, bodyAt + 4);
  const timingAt = bodyAt + hitHeadBytes;
  frame.write(timing, timingAt);
  frame.set(head, timingAt + timingBytes);
  frame.set(body, timingAt + timingBytes + head.length);
  return frame;
}

/** `null`: that is no answer. */
export function answerIn(kind: number, body: Buffer): Got | null {
  switch (kind) {
    case kinds.absent:
      return 'absent';
    case kinds.long:
      return 'long';
    case kinds.otherwise:
      return 'otherwise';
    case kinds.hit:
      return hitIn(body);
    default:
      return null;
  }
}

function hitIn(body: Buffer): Hit | null {
  if (body.length < hitHeadBytes) return null;
  const headAt = hitHeadBytes + body.readUInt16LE(2);
  const bytesAt = headAt + body.readUInt32LE(4);
  if (bytesAt > body.length) return null;
  return {
    status: body.readUInt16LE(0),
    timing: body.toString('utf8', hitHeadBytes, headAt),
    head: body.toString('utf8', headAt, bytesAt),
    body: new Blob([new Uint8Array(body.subarray(bytesAt))]),
  };
}
