/**
 * One process that has what it is told to have: it hears the lists, looks what of them is missing, and fetches that, the newest list
 * first, a few at once and no faster than it may. It looks again when a list has changed, when something has failed, and every minute.
 *
 * It knows neither protocols nor caches: what is there, and how something is fetched, it is lent (`Shelf`).
 */
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { PrefetchItem, PrefetchList } from '../foresight.ts';
import { type Attempts, attempts } from './attempts.ts';
import { openPace } from './pace.ts';
import { openTeller } from './progress.ts';
import { type GroupProgress, listsView, mostLists, prefetchList } from './wire.ts';

/** One item of a list. */
export interface Wish extends Pick<PrefetchList, 'route' | 'bases'> {
  readonly item: PrefetchItem;
}

export interface Shelf {
  /** `elsewhere`: another process of this node keeps it, or nobody can. */
  look(wish: Wish): 'here' | 'missing' | 'elsewhere';
  /** Resolves when it is here. Fails with an `Error` that says why it is not. */
  fetch(wish: Wish): Promise<void>;
  /** What all lists together may take here, and what one object may. */
  readonly room: { readonly bytes: number; readonly objectBytes: number };
}

export interface KeeperLimits {
  readonly atOnce: number;
  /** On average; `undefined`: as fast as it comes. */
  readonly bytesPerS?: number | undefined;
}

export interface KeeperOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly self: { readonly node: string; readonly worker: string };
  readonly isFor: (to: readonly string[]) => boolean;
  readonly shelf: Shelf;
  readonly limits: () => KeeperLimits;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

export interface Keeper {
  /** How far it is, by group, the newest first. */
  readonly progress: readonly GroupProgress[];
  /** Begins nothing more. What is under way is the cache's to end. */
  close(): void;
}

/** Between two looks, if nothing has happened. */
const lookMs = 60_000;
/** A burst of news is one. */
const settleMs = 50;
/** So often it is said how far it is; a look takes no more than this part of the time. */
const tellMs = 1_000;
const tellShare = 20;
/** Items that are looked at before others get their turn. */
const atATime = 256;

interface Missing extends Wish {
  readonly name: string;
}

export function openKeeper({ bus, clock, self, isFor, shelf, limits, warn }: KeeperOptions): Keeper {
  const lists = new Map<string, PrefetchList>();
  const tried = attempts(clock);
  const pace = openPace(clock, () => limits().bytesPerS);
  let groups: readonly GroupProgress[] = [];
  let lookedMs = 0;
  /** By `Clock.elapsed()`: when it is said how far it is while something is being fetched. */
  let tellAgainMs = 0;
  const teller = openTeller({ bus, clock, self, read: () => ({ groups, lookedMs }) });
  let isClosed = false;
  let isDirty = false;
  let cancel = () => {};
  let running: Promise<void> | null = null;
  let untold = new Set<string>();

  const watching = bus.view(listsView).watch({
    begins() {
      untold = new Set(lists.keys());
    },
    changed({ key, value }) {
      untold.delete(key);
      const list = value === null ? null : prefetchList.safeParse(value).data;
      const isOurs = list && isFor(list.to) && (lists.has(key) || lists.size < mostLists);
      if (isOurs) lists.set(key, list);
      else if (!lists.delete(key)) return;
      isDirty = true;
      wakeIn(settleMs);
    },
    caughtUp() {
      for (const key of untold) lists.delete(key);
      untold.clear();
      isDirty = true;
      wakeIn(settleMs);
    },
  });

  function wakeIn(ms: number): void {
    if (isClosed || running !== null) return;
    cancel();
    cancel = clock.after(ms, () => {
      const over = () => {
        running = null;
        wakeIn(isDirty ? settleMs : Math.min(lookMs, tried.nextInMs() ?? lookMs));
      };
      running = pass().then(over, (error: unknown) => {
        warn('it could not be looked for what this node shall have', { error });
        over();
      });
    });
  }

  /** Looks at everything, and fetches what is missing, until there is news. */
  async function pass(): Promise<void> {
    isDirty = false;
    const missing = await look();
    const turn = missing.values();
    const { atOnce } = limits();
    await Promise.all(Array.from({ length: Math.min(atOnce, missing.length) }, () => fetchAll(turn)));
    if (missing.length > 0 && !isDirty && !isClosed) await look();
  }

  async function fetchAll(turn: Iterator<Missing>): Promise<void> {
    for (;;) {
      if (isDirty || isClosed) return;
      const { done, value } = turn.next();
      if (done === true) return;
      await pace.take(value.item.bytes);
      if (isClosed) return;
      try {
        await shelf.fetch(value);
        tried.succeeded(value.name);
      } catch (thrown) {
        tried.failed(value.name, thrown instanceof Error ? thrown.message : String(thrown));
      }
      if (clock.elapsed() >= tellAgainMs && !isDirty) await look();
    }
  }

  /** What is missing, may be here, and may be tried now. */
  async function look(): Promise<readonly Missing[]> {
    const beganMs = clock.elapsed();
    tellAgainMs = Infinity;
    const survey = openSurvey(shelf, tried);
    let looked = 0;
    let newestMs = 0;
    for (const list of [...lists.values()].sort((a, b) => b.atMs - a.atMs)) {
      if ((list.untilMs ?? Infinity) <= clock.now()) continue;
      newestMs = Math.max(newestMs, list.atMs);
      survey.begin(list);
      for (const item of list.items) {
        survey.add(list, item);
        if (++looked % atATime === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    tried.keepOnly(survey.seen);
    groups = survey.groups();
    lookedMs = newestMs;
    tellAgainMs = clock.elapsed() + Math.max(tellMs, tellShare * (clock.elapsed() - beganMs));
    teller.changed();
    return survey.missing;
  }

  return {
    get progress() {
      return groups;
    },
    close() {
      isClosed = true;
      cancel();
      pace.close();
      watching.close();
      teller.close();
    },
  };
}

type Judged = 'here' | 'missing' | 'elsewhere' | 'too-long' | 'beyond';

/** One look at all that is wanted: the same item counts once in a group, is fetched once for all, and what is beyond the room is not fetched. */
function openSurvey({ look, room }: Shelf, tried: Attempts) {
  const judged = new Map<string, Judged>();
  const counted = new Set<string>();
  const seen = new Set<string>();
  const missing: Missing[] = [];
  const groups = new Map<string, { -readonly [Field in keyof GroupProgress]: GroupProgress[Field] }>();
  /** Lists by group, also those of which nothing is kept here. */
  const newest = new Map<string, number>();
  let usedBytes = 0;

  const nameOf = ({ route, group }: PrefetchList) => `${route} ${group}`;

  function groupOf(list: PrefetchList) {
    const { route, group } = list;
    const name = nameOf(list);
    const known = groups.get(name);
    if (known) return known;
    const none = { wanted: 0, present: 0, wantedBytes: 0, missingBytes: 0, beyondBytes: 0, error: null };
    const made = { route, group, atMs: newest.get(name) ?? list.atMs, ...none };
    groups.set(name, made);
    return made;
  }

  function judge(name: string, wish: Wish): Judged {
    const state = look(wish);
    if (state === 'elsewhere') return state;
    seen.add(name);
    const { bytes } = wish.item;
    const hasRoom = usedBytes + bytes <= room.bytes;
    if (hasRoom) usedBytes += bytes;
    if (state === 'here') return state;
    if (bytes > room.objectBytes) return 'too-long';
    if (!hasRoom) return 'beyond';
    if (tried.mayTry(name)) missing.push({ ...wish, name });
    return 'missing';
  }

  return {
    seen,
    missing,
    groups: (): readonly GroupProgress[] => [...groups.values()],
    /** The newest comes first. */
    begin(list: PrefetchList): void {
      const name = nameOf(list);
      if (!newest.has(name)) newest.set(name, list.atMs);
    },
    add(list: PrefetchList, item: PrefetchItem): void {
      const wish = { route: list.route, bases: list.bases, item };
      const name = wishName(wish);
      const once = `${list.group} ${name}`;
      if (counted.has(once)) return;
      counted.add(once);
      const state = judged.get(name) ?? judge(name, wish);
      judged.set(name, state);
      if (state === 'elsewhere') return;
      const group = groupOf(list);
      group.wanted++;
      group.wantedBytes += item.bytes;
      if (state === 'here') {
        group.present++;
        return;
      }
      group.missingBytes += item.bytes;
      if (state === 'too-long') group.error = 'one object is longer than this node keeps (`objectBytes`)';
      else if (state === 'beyond') group.beyondBytes += item.bytes;
      else group.error = tried.errorOf(name) ?? group.error;
    },
  };
}

function wishName({ route, bases = [], item: { target, etag, accept = '' } }: Wish): string {
  return [route, target, etag ?? '', accept, ...bases].join(' ');
}
