/**
 * What goes over the connection between two workers of one node: frames, each with its length in front.
 *
 *     length  u32  of all that follows it
 *     kind    u8   see `kinds`
 *     id      u32  of the question, which all that is said about it bears, too
 *     body
 *
 * Numbers are little-endian.
 */

/** Said first on each connection. Workers are replaced one by one: ends of two versions do not talk to each other. */
export const version = 2;

/**
 * From who asks, `hello`: the first one on a connection, says who that is. `ask`: a question. `room`: he takes so many bytes more of
 * the answer's body. `leave`: he wants no answer any more.
 *
 * From who answers, `interim`: there will be an answer, and this comes before it. `hit`: the head of what was fresh in memory,
 * `whole`: of anything else that is there with all of its body, `stream`: of what may still be coming. `piece`: bytes of a body. `end`: that was all of it, where its size was not known. `broken`: there is no more of
 * it, though it is not whole. `otherwise`: there is no answer over frames.
 */
export const kinds = {
  ...({ hello: 1, ask: 2, room: 3, leave: 4 } as const),
  ...({ interim: 5, hit: 6, whole: 7, stream: 8, piece: 9, end: 10, broken: 11, otherwise: 12 } as const),
} as const;

const lengthBytes = 4;
const idAt = 5;
/** Where the body of a frame begins. */
export const bodyAt = 9;
const leastBytes = bodyAt - lengthBytes;

/** Begins a frame with a body of so many bytes. @returns where the body goes. */
export function beginFrame(into: Buffer, at: number, kind: number, id: number, bodyBytes: number): number {
  into.writeUInt32LE(leastBytes + bodyBytes, at);
  into[at + lengthBytes] = kind;
  into.writeUInt32LE(id, at + idAt);
  return at + bodyAt;
}

/** A frame with room for a body of so many bytes. */
export function emptyFrame(kind: number, id: number, bodyBytes: number): Buffer<ArrayBuffer> {
  const frame = Buffer.allocUnsafe(bodyAt + bodyBytes);
  beginFrame(frame, 0, kind, id, bodyBytes);
  return frame;
}

export function textFrame(kind: number, id: number, text: string): Buffer<ArrayBuffer> {
  const frame = emptyFrame(kind, id, Buffer.byteLength(text));
  frame.write(text, bodyAt);
  return frame;
}

/** @param body of what the socket has given, which belongs to who takes it. `false`: it makes no sense. */
export type TakeFrame = (kind: number, id: number, body: Buffer) => boolean;

/**
 * Puts frames together from what arrives, however it is cut, and gives each on as soon as it is there. Of a `piece` it gives on what
 * has come, in as many calls: nothing of it waits here for the rest.
 *
 * @param mostBytes a frame is no longer than that, its length left out.
 * @returns takes what arrives, to keep it; `false`: that is no frame, or makes no sense, and nothing that follows can be understood.
 */
export function frameReader(mostBytes: number, take: TakeFrame): (chunk: Buffer) => boolean {
  /** The beginning of a frame. */
  let parts: Buffer[] = [];
  let haveBytes = 0;
  let neededBytes = bodyAt;
  /** Of a piece, still to come. */
  let leftBytes = 0;
  let pieceId = 0;

  return (chunk) => {
    haveBytes += chunk.length;
    if (leftBytes === 0 && haveBytes < neededBytes) {
      parts.push(chunk);
      return true;
    }
    const bytes = parts.length === 0 ? chunk : Buffer.concat([...parts, chunk]);
    parts = [];
    neededBytes = bodyAt;
    let at = 0;
    while (at < bytes.length) {
      if (leftBytes > 0) {
        const part = bytes.subarray(at, at + leftBytes);
        if (!take(kinds.piece, pieceId, part)) return false;
        leftBytes -= part.length;
        at += part.length;
        continue;
      }
      if (bytes.length - at < bodyAt) break;
      const length = bytes.readUInt32LE(at);
      if (length < leastBytes || length > mostBytes) return false;
      const kind = bytes[at + lengthBytes] ?? 0;
      const id = bytes.readUInt32LE(at + idAt);
      const end = at + lengthBytes + length;
      if (kind === kinds.piece) {
        leftBytes = length - leastBytes;
        pieceId = id;
        at += bodyAt;
        continue;
      }
      if (end > bytes.length) {
        neededBytes = lengthBytes + length;
        break;
      }
      if (!take(kind, id, bytes.subarray(at + bodyAt, end))) return false;
      at = end;
    }
    haveBytes = bytes.length - at;
    if (haveBytes > 0) parts.push(bytes.subarray(at));
    return true;
  };
}
