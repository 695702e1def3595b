/**
 * The chunked transfer coding, read (RFC 9112 §7.1): piece by piece as it arrives, without a copy of what it carries.
 * As strict as the reading of heads, and for the same reason.
 */
import { MeridianError } from '../../errors.ts';

export interface Chunks {
  /**
   * Takes the next bytes, and hands on what they hold of the content. Returns how many of them belong to this body.
   * Fails with `upstream-invalid`.
   */
  feed(bytes: Buffer, content: (piece: Buffer) => void): number;
  readonly done: boolean;
}

/** A size with its extensions, and all the trailers, are no longer than this. */
const maxLineBytes = 4 * 1024;
const maxTrailerBytes = 16 * 1024;

const lf = 0x0a;
const cr = 0x0d;

/** What the next byte belongs to. */
type State = 'size' | 'content' | 'after content' | 'trailers' | 'done';

export function chunks(): Chunks {
  let state: State = 'size';
  /** Bytes of the chunk that are still to come. */
  let left = 0;
  /** What an earlier piece had of the line that is being read. */
  let line = '';
  let trailerBytes = 0;

  /** Reads up to the end of a line; returns where the next one begins, or -1 when it is still to come. */
  function readLine(bytes: Buffer, at: number, limit: number): number {
    const end = bytes.indexOf(lf, at);
    const upTo = end === -1 ? bytes.length : end + 1;
    line += bytes.toString('latin1', at, upTo);
    if (line.length > limit) throw malformed();
    return end === -1 ? -1 : upTo;
  }

  /** The line without its CRLF, which it must end with; the next one begins. */
  function takeLine(): string {
    const text = line.slice(0, -2);
    if (!line.endsWith('\r\n') || text.includes('\r')) throw malformed();
    line = '';
    return text;
  }

  function beginChunk(): void {
    const match = sizeLine.exec(takeLine());
    if (match === null) throw malformed();
    left = Number.parseInt(match[1] ?? '', 16);
    state = left === 0 ? 'trailers' : 'content';
  }

  function readTrailer(): void {
    trailerBytes += line.length;
    if (trailerBytes > maxTrailerBytes) throw malformed();
    if (takeLine() === '') state = 'done';
  }

  /** The CRLF behind a chunk; its two bytes may come apart. */
  function endChunk(byte: number): void {
    if (line === '' && byte === cr) {
      line = '\r';
      return;
    }
    if (line !== '\r' || byte !== lf) throw malformed();
    line = '';
    state = 'size';
  }

  return {
    get done() {
      return state === 'done';
    },

    feed(bytes, content) {
      let at = 0;
      while (at < bytes.length && state !== 'done') {
        if (state === 'content') {
          const piece = bytes.subarray(at, at + left);
          left -= piece.length;
          at += piece.length;
          if (left === 0) state = 'after content';
          content(piece);
        } else if (state === 'after content') {
          endChunk(bytes[at] ?? 0);
          at++;
        } else {
          const next = readLine(bytes, at, state === 'size' ? maxLineBytes : maxTrailerBytes);
          if (next === -1) return bytes.length;
          at = next;
          if (state === 'size') beginChunk();
          else readTrailer();
        }
      }
      return at;
    },
  };
}

/** Up to 13 hexadecimal digits, which a number holds exactly, and extensions, which nobody uses. */
const sizeLine = /^([\da-f]{1,13})[\t ]*(?:;[\t -~\x80-\xff]*)?$/i;

function malformed(): MeridianError {
  return new MeridianError('upstream-invalid', "the upstream's answer is not framed by proper chunks");
}
