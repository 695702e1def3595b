/**
 * Splits what a client publishes while it streams in: tarballs, which are base64 within the JSON document, come out as
 * bytes; the rest of the document comes out as it is, with empty text in their place. So no more than a chunk of a tarball
 * is ever in memory.
 *
 * Only `_attachments.<file>.tgz.data` is looked for. Whether the document is JSON at all, its parser finds out.
 */
import { MeridianError } from '../../../errors.ts';

export type Piece =
  | { readonly kind: 'document'; readonly bytes: Uint8Array }
  | { readonly kind: 'tarball'; readonly file: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' };

export interface Splitter {
  push(chunk: Uint8Array): Generator<Piece, void, undefined>;
  /** Fails where a tarball broke off. */
  end(): void;
}

const MAX_DEPTH = 1_000;
const MAX_KEY_BYTES = 1_024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

export function splitter(): Splitter {
  /** Whether each container that is open is an object. */
  const open: boolean[] = [];
  /** The current key of each of the outermost three. */
  const keys = ['', '', ''];
  let state: 'outside' | 'text' | 'key' | 'tarball' = 'outside';
  let isEscaped = false;
  let expectsKey = false;
  let key: number[] = [];
  let base64 = base64Reader();

  function begin(): 'text' | 'key' | 'tarball' {
    if (expectsKey) return 'key';
    const isData =
      open.length === 3 && keys[0] === '_attachments' && keys[1]?.endsWith('.tgz') && keys[2] === 'data';
    return isData && open.every(Boolean) ? 'tarball' : 'text';
  }

  function structure(byte: number): void {
    switch (byte) {
      case OPEN_OBJECT:
      case OPEN_LIST:
        if (open.length >= MAX_DEPTH) throw malformed(`The document is deeper than ${MAX_DEPTH} levels.`);
        open.push(byte === OPEN_OBJECT);
        expectsKey = byte === OPEN_OBJECT;
        break;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        open.pop();
        expectsKey = false;
        break;
      case COMMA:
        expectsKey = open.at(-1) === true;
        break;
      case COLON:
        expectsKey = false;
        break;
    }
  }

  function endKey(): void {
    if (open.length <= keys.length) keys[open.length - 1] = textOf(key);
    key = [];
  }

  return {
    *push(chunk) {
      let from = 0;
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at] ?? 0;
        if (state === 'tarball') {
          const quote = chunk.indexOf(QUOTE, at);
          const bytes = base64.push(chunk.subarray(at, quote < 0 ? chunk.length : quote));
          if (bytes.length > 0) yield { kind: 'bytes', bytes };
          if (quote < 0) return;
          base64.end();
          yield { kind: 'end' };
          state = 'outside';
          from = quote;
          at = quote;
        } else if (state === 'outside') {
          if (byte !== QUOTE) {
            structure(byte);
            continue;
          }
          state = begin();
          if (state !== 'tarball') continue;
          yield { kind: 'document', bytes: chunk.subarray(from, at + 1) };
          yield { kind: 'tarball', file: keys[1] ?? '' };
          base64 = base64Reader();
          from = chunk.length;
        } else if (byte === QUOTE && !isEscaped) {
          if (state === 'key') endKey();
          state = 'outside';
        } else {
          isEscaped = byte === BACKSLASH && !isEscaped;
          if (state === 'key' && key.push(byte) > MAX_KEY_BYTES) throw malformed('A key is too long.');
        }
      }
      if (from < chunk.length) yield { kind: 'document', bytes: chunk.subarray(from) };
    },
    end() {
      if (state === 'tarball') throw malformed('The tarball broke off.');
    },
  };
}

function textOf(key: readonly number[]): string {
  const text = Buffer.from(key).toString('utf8');
  try {
    return text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text;
  } catch (cause) {
    throw malformed('A key of the document is not JSON.', cause);
  }
}

/** Base64 (RFC 4648 §4) in chunks of any length, as it stands in JSON: a slash may be escaped. */
function base64Reader() {
  let held = '';
  let isPadded = false;

  function decode(text: string): Buffer {
    const bytes = Buffer.from(text, 'base64');
    const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
    if (bytes.length !== (text.length / 4) * 3 - padding || (isPadded && text !== '')) {
      throw malformed('The tarball is not valid base64.');
    }
    isPadded ||= padding > 0;
    return bytes;
  }

  return {
    push(chunk: Uint8Array): Uint8Array {
      let text = held + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
      if (text.includes('\\')) text = text.replaceAll('\\/', '/');
      // What is no whole group yet, and a backslash whose slash is still to come.
      const isBroken = text.endsWith('\\');
      const length = isBroken ? text.length - 1 : text.length;
      const whole = length - (length % 4);
      held = text.slice(whole);
      return decode(text.slice(0, whole));
    },
    end() {
      if (held !== '') throw malformed('The tarball is not valid base64.');
    },
  };
}

function malformed(detail: string, cause?: unknown): MeridianError {
  return new MeridianError('request-malformed', detail, { cause });
}
