/**
 * What is kept of each token, as rows of numbers in blocks that never move: 69 bytes each, and no object. A row that is given back
 * is used again.
 */

/** Words of 32 bits of a SHA-256. */
export const hashWords = 8;
const rowsInBlock = 1 << 14;
const blockShift = 14;
const inBlock = rowsInBlock - 1;

export interface Block {
  readonly hashes: Uint32Array;
  /** Two words of six signs, in base 36. */
  readonly ids: Uint32Array;
  readonly orders: Float64Array;
  /** 0: never. */
  readonly expires: Float64Array;
  /** Number of the owner; 0: revoked. Of a row that is free: the next free one, and one more. */
  readonly owners: Uint32Array;
  readonly terms: Uint32Array;
  readonly rounds: Uint8Array;
}

export interface TokenRows {
  take(): number;
  giveBack(row: number): void;
  block(row: number): Block;
  /** All that have been in use so far: rows below it are there. */
  readonly end: number;
  readonly bytes: number;
}

/** The place of a row in its block. */
export function placeIn(row: number): number {
  return row & inBlock;
}

export function tokenRows(): TokenRows {
  const blocks: Block[] = [];
  let end = 0;
  /** The first free row, and one more; 0: none. */
  let free = 0;

  function block(row: number): Block {
    const found = blocks[row >>> blockShift];
    if (found === undefined) throw new RangeError(`there is no row ${row}`);
    return found;
  }

  return {
    take() {
      if (free > 0) {
        const row = free - 1;
        free = block(row).owners[placeIn(row)] ?? 0;
        return row;
      }
      if (end === blocks.length * rowsInBlock) blocks.push(makeBlock());
      return end++;
    },
    giveBack(row) {
      const { owners, orders } = block(row);
      orders[placeIn(row)] = 0;
      owners[placeIn(row)] = free;
      free = row + 1;
    },
    block,
    get end() {
      return end;
    },
    get bytes() {
      return blocks.reduce((sum, each) => sum + bytesOf(each), 0);
    },
  };
}

function makeBlock(): Block {
  return {
    hashes: new Uint32Array(rowsInBlock * hashWords),
    ids: new Uint32Array(rowsInBlock * 2),
    orders: new Float64Array(rowsInBlock),
    expires: new Float64Array(rowsInBlock),
    owners: new Uint32Array(rowsInBlock),
    terms: new Uint32Array(rowsInBlock),
    rounds: new Uint8Array(rowsInBlock),
  };
}

function bytesOf(block: Block): number {
  return Object.values(block).reduce((sum: number, { byteLength }) => sum + byteLength, 0);
}
