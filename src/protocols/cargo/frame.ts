/**
 * What `cargo publish` sends (doc.rust-lang.org/cargo/reference/registry-web-api.html#publish): the length of a JSON document, the document, the length of
 * the crate file, the file. Lengths are 32 bits, the lowest first.
 */
import { Refusal } from '../registry/hosted/refusal.ts';

/** Longest document: readmes are a part of it. */
const maxJsonBytes = 4 * 1024 * 1024;
const lengthBytes = 4;

export interface Frame {
  readonly json: Uint8Array;
  readonly crate: {
    readonly sizeBytes: number;
    /** Fails with a `Refusal` where it is shorter or longer than announced. */
    readonly body: ReadableStream<Uint8Array>;
  };
}

/** Reads as far as the crate file. @throws `Refusal` */
export async function readFrame(body: ReadableStream<Uint8Array>): Promise<Frame> {
  const bytes = reading(body);
  try {
    const jsonBytes = lengthIn(await bytes.take(lengthBytes));
    if (jsonBytes > maxJsonBytes)
      throw new Refusal(400, `What it says of the crate has more than ${maxJsonBytes} bytes.`);
    const json = await bytes.take(jsonBytes);
    const sizeBytes = lengthIn(await bytes.take(lengthBytes));
    return { json, crate: { sizeBytes, body: bytes.rest(sizeBytes) } };
  } catch (error) {
    await bytes.cancel();
    throw error;
  }
}

function lengthIn(bytes: Buffer): number {
  return bytes.readUInt32LE(0);
}

function reading(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader();
  let held: Buffer = Buffer.alloc(0);

  async function next(): Promise<Buffer | null> {
    const { done, value } = await reader.read();
    return done ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }

  return {
    cancel: () => reader.cancel().catch(() => undefined), // it broke, or what is wrong with it is known
    async take(wanted: number): Promise<Buffer> {
      const chunks = [held];
      let size = held.length;
      while (size < wanted) {
        const chunk = await next();
        if (chunk === null) throw new Refusal(400, 'It ends before the crate file begins.');
        chunks.push(chunk);
        size += chunk.length;
      }
      const all = chunks.length === 1 ? held : Buffer.concat(chunks, size);
      held = all.subarray(wanted);
      return all.subarray(0, wanted);
    },
    rest(sizeBytes: number): ReadableStream<Uint8Array> {
      let left = sizeBytes;
      const pass = (chunk: Buffer, to: ReadableStreamDefaultController<Uint8Array>) => {
        left -= chunk.length;
        if (left < 0) throw new Refusal(400, 'More comes than the crate file that was announced.');
        if (chunk.length > 0) to.enqueue(chunk);
      };
      return new ReadableStream<Uint8Array>({
        start(to) {
          pass(held, to);
          held = Buffer.alloc(0);
        },
        async pull(to) {
          const chunk = await next();
          if (chunk !== null) return pass(chunk, to);
          if (left > 0) throw new Refusal(400, `The crate file ends ${left} bytes before its announced end.`);
          to.close();
        },
        cancel: (reason) => reader.cancel(reason),
      });
    },
  };
}
