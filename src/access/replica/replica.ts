/**
 * What a node knows of access: a replica of the origin's records, kept up to date over the bus, and asked for every request
 * that needs a right. Nothing here waits.
 */
import type { Bus } from '../../bus.ts';
import type { Deed, Identity } from '../../identity.ts';
import { anonymousIn, type Refusal, refusalOf } from '../identify.ts';
import type { Grant, Team, User } from '../record.ts';
import { keyOf, type News, nameIn, news, viewName } from '../register/news.ts';
import { digestOfToken, type TokenText } from '../token.ts';
import { openTo, type World } from '../world.ts';
import { identities } from './identities.ts';
import { isPlainToken } from './plain-token.ts';
import { tokenTable } from './token-table.ts';
import { told } from './told.ts';

export interface Replica {
  /**
   * Who presents this token, from this address; or why it is not good. `unknown`: the origin may know it. Until all has been read
   * for the first time, every token is unknown that has not been learnt: rights of its owner may be missing.
   */
  identify(token: TokenText, nowMs: number, address: () => string): Identity | Refusal;
  /** The same by the token's SHA-256. */
  identifyByDigest(digest: Uint8Array, nowMs: number, address: () => string): Identity | Refusal;
  /** What has been heard in another way than over the bus. */
  learn(heard: readonly { readonly key: string; readonly news: News }[]): void;
  /** Somebody without a credential. */
  readonly anonymous: Identity;
  /** Whether everybody may read everything of a route that is not restricted. */
  isOpen(route: string): boolean;
  /** The config has changed. */
  reload(): void;
  /** Resolves when all that was there in the beginning has been read. */
  readonly ready: Promise<void>;
  /** Reads all that is there once more. Resolves when that is done, and never where the bus does not come back. */
  readAgain(): Promise<void>;
  readonly isComplete: boolean;
  readonly tokens: number;
  readonly bytes: number;
  close(): void;
}

export interface ReplicaOptions {
  readonly bus: Bus;
  /** Routes that everybody may read by the config, as it is now. */
  readonly openRoutes: () => readonly string[];
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

export function openReplica({ bus, openRoutes, warn }: ReplicaOptions): Replica {
  const people = {
    user: told<User>(),
    team: told<Team>(),
    grant: told<Grant>(),
  };
  const world: World = {
    get open() {
      return openTo(openRoutes());
    },
    users: people.user.values,
    teams: people.team.values,
    grants: people.grant.values,
  };
  const tokens = tokenTable();
  const known = identities(world, tokens.bearerAt);
  const open = new Map<string, boolean>();
  let anonymous: Identity | null = null;
  let isComplete = false;
  let isOdd = false;
  /** Tokens whose owners' rights are known although not all has been read. */
  const introduced = new Set<number>();
  const { promise: ready, resolve } = Promise.withResolvers<void>();

  /** What was worked out no longer holds. */
  function changed(): void {
    known.clear();
    open.clear();
    anonymous = null;
  }

  function anybody(): Identity {
    anonymous ??= anonymousIn(world);
    return anonymous;
  }

  /** @returns the place of a token; -1 for all else. */
  function set(name: string, one: News): number {
    const { order } = one;
    if (one.of === 'token') {
      const place = tokens.set(name, order, one.value);
      known.forget(place);
      return place;
    }
    if (one.of === 'user') people.user.set(name, order, one.value);
    else if (one.of === 'team') people.team.set(name, order, one.value);
    else people.grant.set(name, order, one.value);
    changed();
    return -1;
  }

  function take(key: string, value: unknown): void {
    if (isPlainToken(value)) return void set(nameIn(key), value);
    const parsed = news.safeParse(value);
    if (parsed.success) set(nameIn(key), parsed.data);
    else if (!isOdd)
      warn('news of access that this version does not understand', { key, error: parsed.error });
    isOdd ||= !parsed.success;
  }

  /** The bus has no word of it any more, so that what is gone need not be remembered either. */
  function forget(key: string): void {
    const name = nameIn(key);
    // Before that, another token would take the place of one that was learnt.
    if (isComplete && key.startsWith(keyOf('token', ''))) tokens.forgetRevoked(name);
    for (const of of ['user', 'team', 'grant'] as const)
      if (key.startsWith(keyOf(of, ''))) people[of].forgetGone(name);
  }

  let read = () => {};
  const watching = () =>
    bus.view(viewName).watch({
      begins() {
        tokens.beginRound();
        for (const records of Object.values(people)) records.beginRound();
      },
      changed({ key, value }) {
        if (value === null) forget(key);
        else take(key, value);
      },
      caughtUp() {
        tokens.endRound();
        for (const records of Object.values(people)) records.endRound();
        changed();
        isComplete = true;
        introduced.clear();
        resolve();
        read();
      },
    });
  let subscription = watching();

  function identifyByDigest(digest: Uint8Array, nowMs: number, address: () => string): Identity | Refusal {
    const place = tokens.placeOf(digest);
    if (place === -1 || (!isComplete && !introduced.has(place))) return 'unknown';
    const { bearer, identity } = known.at(place);
    return refusalOf(bearer, { nowMs, address }) ?? identity ?? 'disabled';
  }

  return {
    identify: (token, nowMs, address) => identifyByDigest(digestOfToken(token), nowMs, address),
    identifyByDigest,
    learn(heard) {
      for (const { key, news: one } of heard) {
        const place = set(nameIn(key), one);
        if (!isComplete && place !== -1) introduced.add(place);
      }
    },
    get anonymous() {
      return anybody();
    },
    isOpen(route) {
      const found = open.get(route);
      if (found !== undefined) return found;
      const isIt = anybody().may(everythingOf(route));
      open.set(route, isIt);
      return isIt;
    },
    reload: changed,
    ready,
    readAgain() {
      const { promise, resolve: done } = Promise.withResolvers<void>();
      read = done;
      subscription.close();
      subscription = watching();
      return promise;
    },
    get isComplete() {
      return isComplete;
    },
    get tokens() {
      return tokens.size;
    },
    get bytes() {
      return tokens.bytes;
    },
    close: () => subscription.close(),
  };
}

/** A name that no package has: only a right to everything matches it. */
const anything = '\u{10FFFF}';

function everythingOf(route: string): Deed {
  return { action: 'read', route, subject: anything, restricted: false };
}
