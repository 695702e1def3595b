/**
 * A document's key as bytes that every engine puts into the same order: each part as UTF-8, ended by a zero byte, and a zero
 * within a part followed by 0xFF, which UTF-8 never has (as in FoundationDB's tuple layer). So keys are compared part by part,
 * and what begins with some parts lies together.
 */
import { MeridianError } from '../../errors.ts';
import { type DocumentKey, documentLimits } from '../../store.ts';

const text = new TextDecoder('utf-8', { fatal: true });

export function encodeKey(key: DocumentKey): Uint8Array<ArrayBuffer> {
  if (key.length === 0) throw new MeridianError('internal', 'a document needs a key of one part at least');
  const bytes = encodeParts(key);
  if (bytes.length > documentLimits.keyBytes) {
    const problem = `a document's key has ${bytes.length} bytes, more than ${documentLimits.keyBytes}`;
    throw new MeridianError('internal', problem);
  }
  return bytes;
}

/** The keys that begin with these parts: from the first of them to just before the second. */
export function encodePrefix(prefix: DocumentKey): readonly [from: Uint8Array, before: Uint8Array] {
  const from = encodeParts(prefix);
  return [from, Uint8Array.of(...from, 0xff)];
}

export function decodeKey(bytes: Uint8Array): DocumentKey {
  const parts: string[] = [];
  let part: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte !== 0) part.push(byte);
    else if (bytes[at + 1] === 0xff) part.push(bytes[at++] ?? 0);
    else {
      parts.push(text.decode(Uint8Array.from(part)));
      part = [];
    }
  }
  return parts;
}

function encodeParts(parts: DocumentKey): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const part of parts) {
    // A lone surrogate has no UTF-8: two keys would become one.
    if (!part.isWellFormed()) throw new MeridianError('internal', "a document's key is not well-formed text");
    for (const byte of Buffer.from(part)) {
      bytes.push(byte);
      if (byte === 0) bytes.push(0xff);
    }
    bytes.push(0);
  }
  return Uint8Array.from(bytes);
}
