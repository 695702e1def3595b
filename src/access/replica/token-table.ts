/**
 * A million tokens in as little memory as will do: an open-addressing hash table over flat arrays. What tokens mostly have in
 * common (owners, limits, blocks of addresses) is kept once. A slot is 32 bytes of hash and 32 of everything else.
 */
import { type CidrSet, cidrSet } from '../../http/cidr.ts';
import type { Right } from '../../identity.ts';
import type { Bearer } from '../identify.ts';
import type { Token } from '../record.ts';

export type TokenNews = Omit<Token, 'hash' | 'label' | 'createdMs'>;

export interface TokenTable {
  /** The place of a token by its SHA-256, until the next change; -1: none that is good. */
  placeOf(hash: Uint8Array): number;
  bearerAt(place: number): Bearer;
  /**
   * Without effect where something newer is known.
   * @param hash 43 characters of base64url.
   * @param token `null`: it has been revoked.
   */
  set(hash: string, order: number, token: TokenNews | null): void;
  /** Everything told from now on counts as seen. */
  beginRound(): void;
  /** Forgets what has not been told since the round began. */
  endRound(): void;
  /** Those that are not revoked. */
  readonly size: number;
  /** Of its arrays. */
  readonly bytes: number;
}

const hashBytes = 32;
const idBytes = 12;
/** Above this, the table doubles. */
const fullest = 0.7;
const firstSlots = 1024;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Texts that many have in common, by number. */
interface Interned<Value> {
  numberOf(text: string): number;
  valueOf(number: number): Value;
}

interface Arrays {
  readonly slots: number;
  readonly hashes: Uint8Array;
  readonly ids: Uint8Array;
  /** 0: free. */
  readonly orders: Float64Array;
  /** 0: never. */
  readonly expires: Float64Array;
  /** 0: revoked. */
  readonly owners: Uint32Array;
  readonly limits: Uint32Array;
  readonly places: Uint32Array;
  readonly rounds: Uint8Array;
}

export function tokenTable(): TokenTable {
  let arrays = makeArrays(firstSlots);
  let taken = 0;
  let size = 0;
  let round = 0;
  const owners = interned((text) => text);
  const limits = interned((text) => (text === '' ? null : (JSON.parse(text) as readonly Right[])));
  const places = interned((text): CidrSet | null => (text === '' ? null : cidrSet(text.split(' '))));
  const wanted = new Uint8Array(hashBytes);

  /** Where it is, or where it would be. */
  function slotOf(hash: Uint8Array, { slots, hashes, orders }: Arrays): number {
    const mask = slots - 1;
    let slot =
      (((hash[0] ?? 0) << 24) | ((hash[1] ?? 0) << 16) | ((hash[2] ?? 0) << 8) | (hash[3] ?? 0)) & mask;
    while (orders[slot] !== 0 && !equal(hashes, slot * hashBytes, hash)) slot = (slot + 1) & mask;
    return slot;
  }

  function parse(hash: string): Uint8Array {
    Buffer.from(wanted.buffer).write(hash, 'base64url');
    return wanted;
  }

  function resize(slots: number, keep: (slot: number) => boolean): void {
    const old = arrays;
    arrays = makeArrays(slots);
    taken = 0;
    for (let from = 0; from < old.slots; from++) {
      if (old.orders[from] === 0 || !keep(from)) continue;
      const hash = old.hashes.subarray(from * hashBytes, (from + 1) * hashBytes);
      const to = slotOf(hash, arrays);
      arrays.hashes.set(hash, to * hashBytes);
      arrays.ids.set(old.ids.subarray(from * idBytes, (from + 1) * idBytes), to * idBytes);
      for (const name of ['orders', 'expires', 'owners', 'limits', 'places', 'rounds'] as const)
        arrays[name][to] = old[name][from] ?? 0;
      taken++;
    }
  }

  return {
    placeOf(hash) {
      const slot = slotOf(hash, arrays);
      return arrays.orders[slot] === 0 || arrays.owners[slot] === 0 ? -1 : slot;
    },

    bearerAt(slot) {
      const expires = arrays.expires[slot] ?? 0;
      return {
        id: decoder.decode(arrays.ids.subarray(slot * idBytes, (slot + 1) * idBytes)),
        owner: owners.valueOf(arrays.owners[slot] ?? 0),
        expiresMs: expires === 0 ? null : expires,
        limit: limits.valueOf(arrays.limits[slot] ?? 0),
        addresses: places.valueOf(arrays.places[slot] ?? 0),
      };
    },

    set(hash, order, token) {
      const bytes = parse(hash);
      let slot = slotOf(bytes, arrays);
      if (arrays.orders[slot] === 0) {
        if (taken + 1 > arrays.slots * fullest) {
          resize(arrays.slots * 2, () => true);
          slot = slotOf(bytes, arrays);
        }
        taken++;
        arrays.hashes.set(bytes, slot * hashBytes);
      }
      arrays.rounds[slot] = round;
      if (order <= (arrays.orders[slot] ?? 0)) return;
      if (arrays.owners[slot] !== 0) size--;
      if (token !== null) size++;
      arrays.orders[slot] = order;
      arrays.owners[slot] = token === null ? 0 : owners.numberOf(token.owner);
      if (token === null) return;
      encoder.encodeInto(token.id, arrays.ids.subarray(slot * idBytes, (slot + 1) * idBytes));
      arrays.expires[slot] = token.expiresMs ?? 0;
      arrays.limits[slot] = limits.numberOf(token.limit === null ? '' : JSON.stringify(token.limit));
      arrays.places[slot] = places.numberOf(token.addresses.join(' '));
    },

    beginRound() {
      round = (round + 1) % 256;
    },

    endRound() {
      const { orders, owners: held, rounds, slots } = arrays;
      let gone = 0;
      for (let slot = 0; slot < slots; slot++) {
        if (orders[slot] === 0 || rounds[slot] === round) continue;
        gone++;
        if (held[slot] !== 0) size--;
      }
      if (gone > 0) resize(slots, (slot) => rounds[slot] === round);
    },

    get size() {
      return size;
    },

    get bytes() {
      const { slots: _, ...parts } = arrays;
      return Object.values(parts).reduce((sum, { byteLength }) => sum + byteLength, 0);
    },
  };
}

function makeArrays(slots: number): Arrays {
  return {
    slots,
    hashes: new Uint8Array(slots * hashBytes),
    ids: new Uint8Array(slots * idBytes),
    orders: new Float64Array(slots),
    expires: new Float64Array(slots),
    owners: new Uint32Array(slots),
    limits: new Uint32Array(slots),
    places: new Uint32Array(slots),
    rounds: new Uint8Array(slots),
  };
}

/** Number 0 stands for the empty text. */
function interned<Value>(parse: (text: string) => Value): Interned<Value> {
  const numbers = new Map<string, number>([['', 0]]);
  const values = [parse('')];
  return {
    numberOf(text) {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      numbers.set(text, values.length);
      return values.push(parse(text)) - 1;
    },
    valueOf(number) {
      const value = values[number];
      if (value === undefined) throw new RangeError(`no text has the number ${number}`);
      return value;
    },
  };
}

function equal(hashes: Uint8Array, from: number, hash: Uint8Array): boolean {
  for (let at = 0; at < hashBytes; at++) if (hashes[from + at] !== hash[at]) return false;
  return true;
}
