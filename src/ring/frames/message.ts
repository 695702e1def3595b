/**
 * The question of one worker to another, and the head of the answer to it, as bytes of a frame.
 *
 * Texts are lines: what stands in a header field, in a target, or in an address has no line breaks, and what has one all the
 * same is not sent.
 */
import { beginFrame, bodyAt, emptyFrame, kinds, textFrame } from './frame.ts';

/** A request of a client without a body, as far as the answer depends on it. */
interface About {
  readonly method: string;
  readonly target: string;
  readonly base: string;
  /** Address. */
  readonly client: string;
  readonly id: string;
  /** It is to be answered only if it is fresh in memory. */
  readonly memoryOnly: boolean;
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

/** The head of an answer. */
export interface AnswerHead {
  /**
   * `hit`: it was fresh in memory, `head` is the same for a second, and `timing` apart from it. `whole`: all of it is there. `stream`: its
   * body may still be coming.
   */
  readonly as: 'hit' | 'whole' | 'stream';
  readonly status: number;
  /** The member of `Server-Timing` of who gives it, where it is not among the fields. */
  readonly timing: string;
  /** Fields, as `headersIn` reads them. */
  readonly head: string;
  /** Of the body; `null`: not known. */
  readonly sizeBytes: number | null;
}

/** The same of who gives it: its fields are made once for many. */
export interface GivenHead extends Omit<AnswerHead, 'head'> {
  readonly head: Uint8Array;
}

/** A question is no longer than that: fields of clients are at most some 64 KiB together. */
export const mostQuestionBytes = 128 * 1024;
/** Nor are the fields of an answer. */
export const mostHeadBytes = 64 * 1024;
/** Bytes of a body in one frame, so that those of several take turns. */
export const mostPieceBytes = 64 * 1024;
/** An answer's head, or a piece: no frame of who answers is longer than that. */
export const mostAnswerBytes = 2 * mostPieceBytes;
/**
 * Bytes of one answer's body that may be on their way before who asked has said that he takes more: bodies that are no longer come
 * without a word.
 */
export const windowBytes = 256 * 1024;

/** `null`: it cannot be put that way. */
export function questionFrame(id: number, asking: Asking): Buffer<ArrayBuffer> | null {
  const { method, target, base, client, id: name, memoryOnly } = asking;
  const about = `${method}\n${target}\n${base}\n${client}\n${name}\n${memoryOnly ? 'memory' : 'any'}`;
  if (about.split('\n').length !== aboutLines) return null;
  const text = about + asking.fields;
  return text.length > mostQuestionBytes / mostUtf8Bytes ? null : textFrame(kinds.ask, id, text);
}
const aboutLines = 6;
/** Of a UTF-16 code unit; one is for the rest of the frame. */
const mostUtf8Bytes = 4;

/** `null`: that is no question. */
export function questionIn(body: Buffer): Question | null {
  const lines = body.toString().split('\n');
  const [method = '', target = '', base = '', client = '', id = '', from = ''] = lines;
  if ((method !== 'GET' && method !== 'HEAD') || target === '' || base === '' || id === '') return null;
  if (from !== 'memory' && from !== 'any') return null;
  const headers = headersIn(lines, aboutLines);
  return headers && { method, target, base, client, id, headers, memoryOnly: from === 'memory' };
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
 *     size        f64  of the body; -1: not known
 *     timing
 *     head        the rest
 */
const headAt = 12;
const unknownBytes = -1;

/** How long the frame of a head is. */
export function headFrameBytes({ timing, head }: GivenHead): number {
  return bodyAt + headAt + timing.length + head.length;
}

/** @param given its timing is ASCII. @returns where it ends. */
export function writeHead(into: Buffer, at: number, id: number, given: GivenHead): number {
  const { as, status, timing, head, sizeBytes } = given;
  const bytes = headAt + timing.length + head.length;
  const body = beginFrame(into, at, kinds[as], id, bytes);
  into.writeUInt16LE(status, body);
  into.writeUInt16LE(timing.length, body + 2);
  into.writeDoubleLE(sizeBytes ?? unknownBytes, body + 4);
  into.write(timing, body + headAt, 'latin1');
  into.set(head, body + headAt + timing.length);
  return body + bytes;
}

/** `null`: that is no head. */
export function headIn(as: AnswerHead['as'], body: Buffer): AnswerHead | null {
  if (body.length < headAt) return null;
  const fieldsAt = headAt + body.readUInt16LE(2);
  const size = body.readDoubleLE(4);
  if (fieldsAt > body.length || !(size === unknownBytes || isSize(size))) return null;
  return {
    as,
    status: body.readUInt16LE(0),
    timing: body.toString('latin1', headAt, fieldsAt),
    head: body.toString('utf8', fieldsAt),
    sizeBytes: size === unknownBytes ? null : size,
  };
}

function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0;
}

/** An interim response: its status and, from the first line on, its fields. */
export function interimFrame(id: number, status: number, headers: Headers): Buffer<ArrayBuffer> | null {
  let text = String(status);
  headers.forEach((value, name) => {
    text += fieldLine(name, value);
  });
  return text.length > mostHeadBytes / mostUtf8Bytes ? null : textFrame(kinds.interim, id, text);
}

/** `null`: that is none. */
export function interimIn(body: Buffer): { readonly status: number; readonly headers: Headers } | null {
  const lines = body.toString().split('\n');
  const status = Number(lines[0]);
  const headers = headersIn(lines, 1);
  return headers !== null && status >= 100 && status < 200 ? { status, headers } : null;
}

/** Who asked takes so many bytes more. */
export function roomFrame(id: number, bytes: number): Buffer<ArrayBuffer> {
  const frame = emptyFrame(kinds.room, id, 4);
  frame.writeUInt32LE(bytes, bodyAt);
  return frame;
}

/** `null`: that says nothing of room. */
export function roomIn(body: Buffer): number | null {
  return body.length === 4 ? body.readUInt32LE(0) : null;
}
