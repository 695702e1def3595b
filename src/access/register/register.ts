/**
 * The origin's own records of who may do what: the truth, of which other nodes have a replica. Every change is one
 * transaction with its line in the audit log, durable when its promise resolves; nodes are told of it after that.
 */
import type { Bus } from '../../bus.ts';
import type { Clock } from '../../clock.ts';
import type { MetadataStore } from '../../store.ts';
import type { Grant, Team, User } from '../record.ts';
import type { TokenText } from '../token.ts';
import { openTo, type World } from '../world.ts';
import { actor } from './act.ts';
import {
  type AuditEvent,
  type AuditLine,
  type AuditQuery,
  appendAudit,
  dropAudit,
  readAudit,
} from './audit.ts';
import { type Callers, callers } from './callers.ts';
import { type Expiry, expiry } from './expire.ts';
import { found } from './found.ts';
import { type Grants, grants } from './grants.ts';
import { type Holders, holders } from './holders.ts';
import { type Introduction, introduce, introduceEverybody } from './introduce.ts';
import { type Leaving, leaving } from './leaving.ts';
import { type Logins, logins } from './logins.ts';
import { type People, people } from './people.ts';
import { type Profiles, profiles } from './profiles.ts';
import { reconcile } from './reconcile.ts';
import { openTeller } from './teller.ts';
import { type Tokens, tokens } from './tokens.ts';

export interface Register
  extends People,
    Leaving,
    Profiles,
    Grants,
    Tokens,
    Holders,
    Expiry,
    Callers,
    Logins {
  /** Makes the first administrator, if there has not been one. @returns his token. */
  found(): Promise<TokenText | null>;
  /** What a node has to know of a token; `null` when there is none. */
  introduce(hash: string): Promise<Introduction | null>;
  /** What a node has to know of what has been given to everybody. */
  introduceEverybody(): Promise<Introduction>;
  audit(query: AuditQuery): Promise<readonly AuditLine[]>;
  appendAudit(events: readonly AuditEvent[]): Promise<void>;
  /** Removes lines from before then, ms since the epoch. @returns how many. */
  dropAudit(beforeMs: number): Promise<number>;
  /** Resolves with `true` once the bus has all that was changed before, with `false` when that takes longer. */
  told(withinMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface RegisterOptions {
  readonly metadata: MetadataStore;
  readonly bus: Bus;
  /** Routes that everybody may read by the config, as it is now. */
  readonly openRoutes: () => readonly string[];
  readonly clock: Clock;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

export function openRegister({ metadata, bus, openRoutes, clock, warn }: RegisterOptions): Register {
  const teller = openTeller({ metadata, bus, clock, warn });
  const reconciliation = reconcile({ metadata, bus, clock, warn, tell: teller.told });
  const act = actor({ metadata, clock, done: teller.wake });
  const ofPeople = people(metadata, act, clock);
  const ofGrants = grants(metadata, act, clock);
  const ofHolders = holders(metadata);
  async function readWorld(): Promise<World> {
    const [users, teams, given] = await Promise.all([ofPeople.users(), ofPeople.teams(), ofGrants.grants()]);
    return {
      get open() {
        return openTo(openRoutes());
      },
      users: new Map(users.map((user: User) => [user.name, user])),
      teams: new Map(teams.map((team: Team) => [team.name, team])),
      grants: new Map(given.map((grant: Grant) => [grant.id, grant])),
    };
  }

  return {
    ...ofPeople,
    ...leaving(metadata, act, ofHolders),
    ...profiles(metadata, act),
    ...ofGrants,
    ...logins(metadata, act, clock),
    ...ofHolders,
    ...expiry(metadata, act),
    ...tokens(metadata, act, clock, (work) => metadata.transact(work)),
    ...callers(metadata, readWorld),

    found: () => found(metadata, act, clock),
    introduce: (hash) => introduce(metadata, hash),
    introduceEverybody: () => introduceEverybody(metadata),
    audit: (query) => readAudit(metadata, query),
    appendAudit: (events) => appendAudit(metadata, events),
    dropAudit: (beforeMs) => dropAudit(metadata, beforeMs),
    told: teller.told,
    async close() {
      await reconciliation.close();
      await teller.close();
    },
  };
}
