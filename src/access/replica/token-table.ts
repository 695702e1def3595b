/**
 * A million tokens in as little memory as will do: rows of numbers, and an open-addressing hash table of 4 bytes for each slot that
 * finds them. What tokens mostly have in common (owners, limits, blocks of addresses) is kept once. It grows row by row; only
 * the table of slots is ever copied.
 */
import { type CidrSet, cidrSet } from '../../http/cidr.ts';
import type { Right } from '../../identity.ts';
import type { Bearer } from '../identify.ts';
import type { Token } from '../record.ts';
import { interned } from './interned.ts';
import { hashWords, placeIn, tokenRows } from './token-rows.ts';

export type TokenNews = Omit<Token, 'hash' | 'label' | 'createdMs'>;

export interface TokenTable {
  /** The place of a token by its SHA-256, which it keeps until it is forgotten; -1: none that is good. */
  placeOf(hash: Uint8Array): number;
  bearerAt(place: number): Bearer;
  /**
   * Without effect where something newer is known.
   * @param hash 43 characters of base64url.
   * @param token `null`: it has been revoked, which is remembered.
   * @returns its place.
   */
  set(hash: string, order: number, token: TokenNews | null): number;
  /** That it has been revoked need not be remembered any more. */
  forgetRevoked(hash: string): void;
  /** Everything told from now on counts as seen. */
  beginRound(): void;
  /** Forgets what has not been told since the round began. */
  endRound(): void;
  /** Those that are not revoked. */
  readonly size: number;
  /** Of its arrays. */
  readonly bytes: number;
}

/** What a token is good for, beside what its owner is. */
interface Terms {
  readonly limit: readonly Right[] | null;
  readonly addresses: CidrSet | null;
}

/** Above this, the table of slots doubles. */
const fullest = 0.6;
const firstSlots = 1024;
const digitsInWord = 6;

export function tokenTable(): TokenTable {
  const rows = tokenRows();
  /** Row and one more; 0: free. */
  let slots = new Uint32Array(firstSlots);
  let taken = 0;
  let size = 0;
  let round = 0;
  const owners = interned('');
  const terms = interned<Terms>({ limit: null, addresses: null });
  const wantedBytes = new Uint8Array(hashWords * 4);
  const wanted = new Uint32Array(wantedBytes.buffer);
  const wantedText = Buffer.from(wantedBytes.buffer);

  function isWanted(row: number): boolean {
    const { hashes } = rows.block(row);
    const from = placeIn(row) * hashWords;
    for (let word = 0; word < hashWords; word++) if (hashes[from + word] !== wanted[word]) return false;
    return true;
  }

  /** Where the wanted one is, or would be. */
  function slotOfWanted(): number {
    const mask = slots.length - 1;
    let slot = (wanted[0] ?? 0) & mask;
    for (;;) {
      const held = slots[slot] ?? 0;
      if (held === 0 || isWanted(held - 1)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  /** The slot that a row would like best. */
  function homeOf(row: number): number {
    return (rows.block(row).hashes[placeIn(row) * hashWords] ?? 0) & (slots.length - 1);
  }

  function double(): void {
    const old = slots;
    slots = new Uint32Array(old.length * 2);
    const mask = slots.length - 1;
    for (const held of old) {
      if (held === 0) continue;
      let slot = homeOf(held - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = held;
    }
  }

  /** Frees a slot, and moves up those that are further from home because of it. */
  function empty(slot: number): void {
    const mask = slots.length - 1;
    let gap = slot;
    for (let next = (gap + 1) & mask; slots[next] !== 0; next = (next + 1) & mask) {
      const home = homeOf((slots[next] ?? 0) - 1);
      if (((next - home) & mask) < ((next - gap) & mask)) continue;
      slots[gap] = slots[next] ?? 0;
      gap = next;
    }
    slots[gap] = 0;
    taken--;
  }

  /** What the row says of a good token is void. */
  function clear(row: number): void {
    const [block, at] = [rows.block(row), placeIn(row)];
    if (block.owners[at] === 0) return;
    owners.release(block.owners[at] ?? 0);
    terms.release(block.terms[at] ?? 0);
    block.owners[at] = 0;
    size--;
  }

  function fill(row: number, token: TokenNews): void {
    const [block, at] = [rows.block(row), placeIn(row)];
    block.ids[2 * at] = Number.parseInt(token.id.slice(0, digitsInWord), 36);
    block.ids[2 * at + 1] = Number.parseInt(token.id.slice(digitsInWord), 36);
    block.expires[at] = token.expiresMs ?? 0;
    block.owners[at] = owners.take(token.owner, () => token.owner);
    block.terms[at] = terms.take(textOf(token), () => termsOf(token));
    size++;
  }

  function makeRow(): number {
    if (taken + 1 > slots.length * fullest) double();
    const row = rows.take();
    const [block, at] = [rows.block(row), placeIn(row)];
    block.hashes.set(wanted, at * hashWords);
    block.orders[at] = 0;
    block.owners[at] = 0;
    slots[slotOfWanted()] = row + 1;
    taken++;
    return row;
  }

  /** Forgets all of the wanted one. */
  function drop(slot: number): void {
    const row = (slots[slot] ?? 0) - 1;
    clear(row);
    empty(slot);
    rows.giveBack(row);
  }

  return {
    placeOf(hash) {
      wantedBytes.set(hash);
      const row = (slots[slotOfWanted()] ?? 0) - 1;
      return row === -1 || rows.block(row).owners[placeIn(row)] === 0 ? -1 : row;
    },

    bearerAt(row) {
      const [block, at] = [rows.block(row), placeIn(row)];
      const expires = block.expires[at] ?? 0;
      return {
        id: idWord(block.ids[2 * at]) + idWord(block.ids[2 * at + 1]),
        owner: owners.valueOf(block.owners[at] ?? 0),
        expiresMs: expires === 0 ? null : expires,
        ...terms.valueOf(block.terms[at] ?? 0),
      };
    },

    set(hash, order, token) {
      wantedText.write(hash, 'base64url');
      const held = slots[slotOfWanted()] ?? 0;
      const row = held === 0 ? makeRow() : held - 1;
      const [block, at] = [rows.block(row), placeIn(row)];
      block.rounds[at] = round;
      if (order <= (block.orders[at] ?? 0)) return row;
      clear(row);
      block.orders[at] = order;
      if (token !== null) fill(row, token);
      return row;
    },

    forgetRevoked(hash) {
      wantedText.write(hash, 'base64url');
      const slot = slotOfWanted();
      const row = (slots[slot] ?? 0) - 1;
      if (row !== -1 && rows.block(row).owners[placeIn(row)] === 0) drop(slot);
    },

    beginRound() {
      round = (round + 1) % 256;
    },

    endRound() {
      for (let row = 0; row < rows.end; row++) {
        const [{ hashes, orders, rounds }, at] = [rows.block(row), placeIn(row)];
        if (orders[at] === 0 || rounds[at] === round) continue;
        wanted.set(hashes.subarray(at * hashWords, (at + 1) * hashWords));
        drop(slotOfWanted());
      }
    },

    get size() {
      return size;
    },

    get bytes() {
      return rows.bytes + slots.byteLength;
    },
  };
}

/** Six digits of base 36 fit in a word. */
function idWord(word = 0): string {
  return word.toString(36).padStart(digitsInWord, '0');
}

function textOf({ limit, addresses }: TokenNews): string {
  return limit === null && addresses.length === 0 ? '' : JSON.stringify([limit, addresses]);
}

function termsOf({ limit, addresses }: TokenNews): Terms {
  return { limit, addresses: addresses.length === 0 ? null : cidrSet(addresses) };
}
