/**
 * Responses on their way into the store, by key, from the moment their request is sent. What is purged while
 * they travel (by a command, by an unsafe request) must not come back with them, and one that was overtaken by a
 * newer response must not replace it.
 */
import type { Entry, Head } from '../entry.ts';
import type { CacheKey, FieldList } from '../resource.ts';
import type { Ledger, Purgeable } from './purge/ledger.ts';

export interface Arrival {
  /** The newest purge that it has been compared with: at first, the newest when its request was sent. */
  readonly asOf: number;
  /** Whether it may still be stored: not if it was purged, dropped or overtaken meanwhile. */
  readonly wanted: boolean;
  /** Whether requests that come from now on may share it: not if it was purged softly, either, or may have been. */
  readonly current: boolean;
  /** Its head is known: it is the newest response for the variant that it selects. */
  landed(head: Pick<Head, 'selecting' | 'tags'>): void;
  /** It is in the store: what landed before it, for the same variant, has been overtaken. */
  stored(): void;
  /** One more has to `end` it: a copy of it is still travelling. */
  hold(): void;
  end(): void;
}

/** What was found stored, in the hands of somebody who waits for something newer. */
export interface InHand {
  /**
   * Whether it may still stand for an answer that does not come: not if it was purged, replaced or forgotten meanwhile, or
   * if more is known of it by now. What was only evicted may.
   */
  readonly wanted: boolean;
  end(): void;
}

type Variant = Pick<Entry, 'key' | 'selecting' | 'tags' | 'asOf'>;

export interface Arrivals {
  begin(of: Purgeable): Arrival;
  /** A stored response on its way to another tier: older than everything that lands. */
  again(variant: Variant): Arrival;
  /** A stored response on its way to nowhere, until whoever has it ends that. */
  inHand(variant: Variant): InHand;
  /** The stored response holds: what others have in hand of it is as it was known before. */
  confirmed(variant: Variant): void;
  /** The stored response is withdrawn: so is what others have in hand of it, or on its way to another tier. */
  forgotten(variant: Variant): void;
  /**
   * Compares everything whose head is known with the purges so far, so that none has to be remembered for as long as a
   * slow body takes; what is purged, softly too, is not wanted any more. Returns the earliest `asOf` of all that are
   * under way; infinity when nothing is.
   */
  judge(): number;
}

/** Before all that lands, in the order of landing. */
const storedBefore = 0;

/** What the arrivals of a node do together. */
interface Traffic {
  readonly ledger: Ledger;
  /** The next number in the order of landing. */
  landing(): number;
  overtake(by: Travelling): void;
  leave(self: Travelling): void;
}

class Travelling implements Arrival {
  readonly key: CacheKey;
  asOf: number;
  tags: readonly string[];
  selecting: FieldList;
  isUnwanted = false;
  readonly isInHand: boolean;
  /** In the order of landing, from 1; `null` while nothing is known of it. */
  order: number | null;
  readonly #traffic: Traffic;
  #holders = 1;

  /** Of what is stored already: its variant. */
  constructor(traffic: Traffic, of: Purgeable, asOf: number, stored: Variant | null, isInHand = false) {
    this.#traffic = traffic;
    this.key = of.key;
    this.tags = of.tags;
    this.asOf = asOf;
    this.selecting = stored?.selecting ?? [];
    this.order = stored === null ? null : storedBefore;
    this.isInHand = isInHand;
  }

  get wanted(): boolean {
    return !this.isUnwanted && this.#fate() !== 'gone';
  }

  get current(): boolean {
    if (this.order === null && this.#traffic.ledger.newestByTag > this.asOf) return false;
    return !this.isUnwanted && this.#fate() === 'kept';
  }

  #fate() {
    return this.#traffic.ledger.fate(this, this.asOf).as;
  }

  landed({ selecting, tags }: Pick<Head, 'selecting' | 'tags'>): void {
    this.order = this.#traffic.landing();
    this.selecting = selecting;
    this.tags = tags;
  }

  stored(): void {
    this.#traffic.overtake(this);
  }

  hold(): void {
    this.#holders++;
  }

  end(): void {
    if (--this.#holders === 0) this.#traffic.leave(this);
  }
}

export function arrivals(ledger: Ledger): Arrivals {
  const underWay = new Map<CacheKey, Set<Travelling>>();
  let landings = 0;

  function travelling(key: CacheKey): Set<Travelling> {
    const known = underWay.get(key);
    if (known) return known;
    const none = new Set<Travelling>();
    underWay.set(key, none);
    return none;
  }

  function leave(self: Travelling): void {
    const others = underWay.get(self.key);
    others?.delete(self);
    if (others?.size === 0) underWay.delete(self.key);
  }

  /** What landed before `self`, for the same variant, has been overtaken by it. */
  function overtake({ key, order, selecting }: Travelling): void {
    for (const other of underWay.get(key) ?? []) {
      if (order === null || other.order === null || other.order >= order) continue;
      if (sameSelection(other.selecting, selecting)) other.isUnwanted = true;
    }
  }

  /** What was stored before, of this variant, is not to be used where `isMeant`. */
  function withdraw({ key, selecting }: Variant, isMeant: (each: Travelling) => boolean): void {
    for (const each of underWay.get(key) ?? []) {
      if (each.order !== storedBefore || !isMeant(each)) continue;
      if (sameSelection(each.selecting, selecting)) each.isUnwanted = true;
    }
  }

  function enter(self: Travelling): Arrival {
    travelling(self.key).add(self);
    return self;
  }

  const traffic: Traffic = { ledger, landing: () => ++landings, overtake, leave };
  return {
    begin: (of) => enter(new Travelling(traffic, of, ledger.sequence, null)),
    again: (variant) => enter(new Travelling(traffic, variant, variant.asOf, variant)),
    inHand: (variant) => enter(new Travelling(traffic, variant, variant.asOf, variant, true)),
    confirmed: (variant) => withdraw(variant, ({ isInHand }) => isInHand),
    forgotten: (variant) => withdraw(variant, () => true),

    judge() {
      let oldest = Number.POSITIVE_INFINITY;
      for (const ofKey of underWay.values()) {
        for (const each of ofKey) {
          if (each.order !== null) {
            if (ledger.fate(each, each.asOf).as !== 'kept') each.isUnwanted = true;
            each.asOf = ledger.sequence;
          }
          oldest = Math.min(oldest, each.asOf);
        }
      }
      return oldest;
    },
  };
}

/** Whether two responses of one key are the same variant of it. */
export function sameSelection(a: FieldList, b: FieldList): boolean {
  if (a.length !== b.length) return false;
  return a.every(([name, value], at) => {
    const other = b[at];
    return other !== undefined && other[0] === name && other[1] === value;
  });
}
