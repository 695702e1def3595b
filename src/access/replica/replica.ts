/**
 * What a node knows of access: a replica of the origin's records, kept up to date over the bus, and asked for every request
 * that needs a right. Nothing here waits.
 */
import type { Bus } from '../../bus.ts';
import type { Deed, Identity } from '../../identity.ts';
import { anonymousIn, type Bearer, identityIn, type Refusal, refusalOf } from '../identify.ts';
import type { Grant, Team, User } from '../record.ts';
import { type News, nameIn, news, viewName } from '../register/news.ts';
import { digestOfToken, type TokenText } from '../token.ts';
import { openTo, type World } from '../world.ts';
import { tokenTable } from './token-table.ts';
import { told } from './told.ts';

export interface Replica {
  /** Who presents this token, from this address; or why it is not good. `unknown`: the origin may know it. */
  identify(token: TokenText, nowMs: number, address: () => string): Identity | Refusal;
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

/** Identities that are kept worked out; those of a busy node fit in. */
const maxIdentities = 10_000;

interface Known {
  readonly bearer: Bearer;
  readonly identity: Identity | null;
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
  const known = new Map<number, Known>();
  const open = new Map<string, boolean>();
  let anonymous = anonymousIn(world);
  let isComplete = false;
  let isOdd = false;
  const { promise: ready, resolve } = Promise.withResolvers<void>();

  /** What was worked out may no longer hold. */
  function changed(isWorld: boolean): void {
    known.clear();
    if (!isWorld) return;
    open.clear();
    anonymous = anonymousIn(world);
  }

  function set(name: string, one: News): void {
    const { order } = one;
    if (one.of === 'token') tokens.set(name, order, one.value);
    else if (one.of === 'user') people.user.set(name, order, one.value);
    else if (one.of === 'team') people.team.set(name, order, one.value);
    else people.grant.set(name, order, one.value);
  }

  function take(key: string, value: unknown): void {
    const parsed = news.safeParse(value);
    if (!parsed.success) {
      if (!isOdd) warn('news of access that this version does not understand', { key, error: parsed.error });
      isOdd = true;
      return;
    }
    const { of } = parsed.data;
    set(nameIn(key), parsed.data);
    changed(of !== 'token');
  }

  let read = () => {};
  const watching = () =>
    bus.view(viewName).watch({
      changed: ({ key, value }) => {
        if (value !== null) take(key, value);
      },
      caughtUp() {
        tokens.endRound();
        for (const records of Object.values(people)) records.endRound();
        tokens.beginRound();
        changed(true);
        isComplete = true;
        resolve();
        read();
      },
    });
  let subscription = watching();

  function knownAt(place: number): Known {
    const found = known.get(place);
    if (found !== undefined) return found;
    const bearer = tokens.bearerAt(place);
    const made = { bearer, identity: identityIn(world, bearer) };
    if (known.size >= maxIdentities) known.clear();
    known.set(place, made);
    return made;
  }

  return {
    identify(token, nowMs, address) {
      const place = tokens.placeOf(digestOfToken(token));
      if (place === -1) return 'unknown';
      const { bearer, identity } = knownAt(place);
      return refusalOf(bearer, { nowMs, address }) ?? identity ?? 'disabled';
    },
    learn(heard) {
      for (const { key, news: one } of heard) {
        set(nameIn(key), one);
        changed(one.of !== 'token');
      }
    },
    get anonymous() {
      return anonymous;
    },
    isOpen(route) {
      const found = open.get(route);
      if (found !== undefined) return found;
      const isIt = anonymous.may(everythingOf(route));
      open.set(route, isIt);
      return isIt;
    },
    reload: () => changed(true),
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
