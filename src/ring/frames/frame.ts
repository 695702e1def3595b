/**
 * What goes over the connection between two workers of one node: frames, each with its length in front.
 *
 *     length  u32  of all that follows it
 *     kind    u8   see `kinds`
 *     id      u32  of the question, which its answer bears, too
 *     body
 *
 * Numbers are little-endian. Both ends are of the same program: there are no versions.
 */

/**
 * `hello`: the first one on a connection, says who asks. `ask`: a question. The others: the answers to one (see `Given` in
 * `message.ts`).
 */
export const kinds = { hello: 1, ask: 2, hit: 3, absent: 4, long: 5, otherwise: 6 } as const;

const lengthBytes = 4;
const idAt = 5;
/** Where the body of a frame begins. */
export const bodyAt = 9;
const leastBytes = bodyAt - lengthBytes;

/** A frame with room for a body of so many bytes. */
export function emptyFrame(kind: number, id: number, bodyBytes: number): Buffer<ArrayBuffer> {
  const frame = Buffer.allocUnsafe(bodyAt + bodyBytes);
  frame.writeUInt32LE(frame.length - lengthBytes, 0);
  frame[lengthBytes] = kind;
  frame.writeUInt32LE(id, idAt);
  return frame;
}

export function textFrame(kind: number, id: number, text: string): Buffer<ArrayBuffer> {
  const frame = emptyFrame(kind, id, Buffer.byteLength(text));
  frame.write(text, bodyAt);
  return frame;
}

/** @param body for as long as the call lasts: who keeps any of it takes a copy. */
export type TakeFrame = (kind: number, id: number, body: Buffer) => void;

/**
 * Puts frames together from what arrives, however it is cut. It holds what has come of one frame, and gives each on as soon as it
 * is there.
 *
 * @param mostBytes a frame is no longer than that, its length left out.
 * @returns takes what arrives; `false`: that is no frame, and nothing that follows can be understood.
 */
export function frameReader(mostBytes: number, take: TakeFrame): (chunk: Buffer) => boolean {
  let parts: Buffer[] = [];
  let haveBytes = 0;
  let neededBytes = lengthBytes;

  return (chunk) => {
    haveBytes += chunk.length;
    if (haveBytes < neededBytes) {
      parts.push(Buffer.from(chunk)); // what the socket gives may be its own
      return true;
    }
    const bytes = parts.length === 0 ? chunk : Buffer.concat([...parts, chunk]);
    parts = [];
    let at = 0;
    neededBytes = lengthBytes;
    while (bytes.length - at >= lengthBytes) {
      const length = bytes.readUInt32LE(at);
      if (length < leastBytes || length > mostBytes) return false;
      const end = at + lengthBytes + length;
      if (end > bytes.length) {
        neededBytes = lengthBytes + length;
        break;
      }
      take(bytes[at + lengthBytes] ?? 0, bytes.readUInt32LE(at + idAt), bytes.subarray(at + bodyAt, end));
      at = end;
    }
    haveBytes = bytes.length - at;
    if (haveBytes > 0) parts.push(Buffer.from(bytes.subarray(at)));
    return true;
  };
}
