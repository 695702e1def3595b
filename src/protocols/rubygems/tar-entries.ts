/** A tar archive as it streams: one entry after the other, each with the bytes that are its own. For archives of strangers, within bounds. */
import {
  blockBytes,
  checksumHolds,
  isEmptyBlock,
  paddingOf,
  pathIn,
  recordIn,
  sizeIn,
  typeIn,
} from '../tar.ts';

export interface TarEntry {
  readonly path: string;
  /** As in its header: `0` a file, `5` a folder, `2` a symbolic link. */
  readonly type: string;
  /** Where a link leads. */
  readonly link: string;
  readonly sizeBytes: number;
  /** To be read before the next entry is asked for; what is not read is passed over. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface TarBounds {
  /** Completes "The archive …". */
  readonly what: string;
  readonly maxEntries: number;
  /** Of all bodies together. */
  readonly maxBytes: number;
}

/** Completes "The gem …". */
export class TarError extends Error {}

/** Extended headers and long names. */
const maxHeaderBytes = 64 * 1024;

export async function* tarEntries(
  chunks: AsyncIterable<Uint8Array>,
  { what, maxEntries, maxBytes }: TarBounds,
): AsyncGenerator<TarEntry, void, undefined> {
  const source = open(chunks);
  let longPath: string | null = null;
  let entries = 0;
  let total = 0;
  for (;;) {
    const block = await source.block();
    if (block === null) throw new TarError(`${what} breaks off`);
    if (isEmptyBlock(block)) return;
    const sizeBytes = checksumHolds(block) ? sizeIn(block) : null;
    if (sizeBytes === null) throw new TarError(`${what} is no tar archive`);
    const type = typeIn(block);
    if (type === 'x' || type === 'L' || type === 'g') {
      if (sizeBytes > maxHeaderBytes)
        throw new TarError(`${what} has a header of more than ${maxHeaderBytes} bytes`);
      const text = (await source.whole(sizeBytes)).toString('utf8');
      await source.skip(paddingOf(sizeBytes));
      if (type === 'x') longPath = recordIn(text, 'path') ?? longPath;
      if (type === 'L') longPath = text.replace(/\0.*$/s, '');
      continue;
    }
    entries += 1;
    total += sizeBytes;
    if (entries > maxEntries) throw new TarError(`${what} has more than ${maxEntries} entries`);
    if (total > maxBytes) throw new TarError(`${what} unpacks to more than ${maxBytes} bytes`);
    const body = source.body(sizeBytes);
    const link = block.toString('utf8', 157, 257).replace(/\0.*$/s, '');
    yield {
      path: longPath ?? pathIn(block),
      type: type === '\0' ? '0' : type,
      link,
      sizeBytes,
      body: body.chunks,
    };
    longPath = null;
    await source.skip(body.left() + paddingOf(sizeBytes));
  }
}

function open(chunks: AsyncIterable<Uint8Array>) {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();

  /** At most so many bytes; `null`: there are no more. */
  async function take(most: number): Promise<Uint8Array | null> {
    while (rest.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return null;
      rest = next.value;
    }
    const taken = rest.subarray(0, most);
    rest = rest.subarray(taken.length);
    return taken;
  }

  async function whole(bytes: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let left = bytes; left > 0; left -= parts.at(-1)!.length) {
      const part = await take(left);
      if (part === null) throw new TarError('breaks off');
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  return {
    whole,
    /** `null`: nothing follows. */
    async block(): Promise<Buffer | null> {
      const first = await take(blockBytes);
      if (first === null) return null;
      return Buffer.concat([first, await whole(blockBytes - first.length)]);
    },
    async skip(bytes: number): Promise<void> {
      for (let left = bytes; left > 0; ) {
        const part = await take(left);
        if (part === null) throw new TarError('breaks off');
        left -= part.length;
      }
    },
    body(bytes: number) {
      let left = bytes;
      async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
        while (left > 0) {
          const part = await take(left);
          if (part === null) throw new TarError('breaks off');
          left -= part.length;
          yield part;
        }
      }
      return { chunks: read(), left: () => left };
    },
  };
}
