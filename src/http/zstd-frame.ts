/**
 * Where a Zstandard frame ends (RFC 8878 §3.1.1). The runtime's decompressor takes a frame that was cut off for a whole one, and goes on with
 * whatever follows it; so whoever needs to know reads along: a few bytes of each block.
 */

export interface FrameEnd {
  /** The next bytes. Returns how many of them belong to the frame. Throws a `RangeError` on what begins no frame, or no block. */
  read(bytes: Uint8Array): number;
  /** All of the frame has been read. */
  readonly isReached: boolean;
}

const magic = 0xfd2fb528;
/** Magic number and descriptor. */
const startBytes = 5;
const blockHeaderBytes = 3;
const checksumBytes = 4;
/** Of the frame's header, by two bits of its descriptor each. */
const contentSizeBytes = [0, 2, 4, 8] as const;
const dictionaryIdBytes = [0, 1, 2, 4] as const;

type Wanted = 'start' | 'block' | 'end';

export function frameEnd(): FrameEnd {
  /** What is looked at next, once `skip` bytes have gone by. */
  let wanted: Wanted = 'start';
  let skip = 0;
  let hasChecksum = false;
  /** What has come of it, as a little-endian number. */
  let value = 0;
  let got = 0;

  function atStart(): void {
    const descriptor = value / 2 ** 32;
    if (value % 2 ** 32 !== magic || (descriptor & 0b1000) !== 0)
      throw new RangeError('no frame begins here');
    const isOneSegment = (descriptor & 0b10_0000) !== 0;
    const size = contentSizeBytes[(descriptor >> 6) as 0 | 1 | 2 | 3] || (isOneSegment ? 1 : 0);
    hasChecksum = (descriptor & 0b100) !== 0;
    skip = size + (isOneSegment ? 0 : 1) + dictionaryIdBytes[(descriptor & 0b11) as 0 | 1 | 2 | 3];
    wanted = 'block';
  }

  function atBlock(): void {
    const type = (value >> 1) & 0b11;
    if (type === 3) throw new RangeError('no block begins here');
    // One that repeats a byte has that alone.
    skip = type === 1 ? 1 : value >> 3;
    if ((value & 1) === 0) return;
    skip += hasChecksum ? checksumBytes : 0;
    wanted = 'end';
  }

  return {
    read(bytes) {
      let at = 0;
      while (at < bytes.length && (skip > 0 || wanted !== 'end')) {
        if (skip > 0) {
          const passed = Math.min(skip, bytes.length - at);
          skip -= passed;
          at += passed;
          continue;
        }
        value += (bytes[at++] ?? 0) * 2 ** (8 * got++);
        if (got < (wanted === 'start' ? startBytes : blockHeaderBytes)) continue;
        if (wanted === 'start') atStart();
        else atBlock();
        [value, got] = [0, 0];
      }
      return at;
    },
    get isReached() {
      return wanted === 'end' && skip === 0;
    },
  };
}
