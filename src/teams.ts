/**
 * Teams and what they may do, as the origin lends them to protocols whose clients have commands for that. Whatever changes
 * something is in the audit log, and is told to all nodes before its promise resolves, if they can be told within seconds.
 *
 * Whoever says who is in a team has to administer all that the team has been given: else somebody could join one, and so get what
 * nobody meant him to have.
 */
import type { Action, Asker, Deed } from './identity.ts';

/** One subject of one route. */
export interface Place {
  readonly route: string;
  readonly subject: string;
}

export interface Teams {
  names(): Promise<readonly string[]>;
  /** Names of its users. @throws `no-such-record`. */
  members(team: string): Promise<readonly string[]>;
  /** @throws `conflict` when there is one of this name, `request-malformed` for a name that no team can have. */
  create(asker: Asker, team: string): Promise<void>;
  /** With all that it has been given. @throws `no-such-record`, `forbidden`. */
  remove(asker: Asker, team: string): Promise<void>;
  /** @throws `no-such-record` for a team or a user that there is not, `forbidden`. */
  addMember(asker: Asker, team: string, user: string): Promise<void>;
  /** @throws as `addMember`. */
  removeMember(asker: Asker, team: string, user: string): Promise<void>;
  /**
   * Gives a team these actions there, instead of what it has been given there and nowhere else. It is enough to administer that.
   * @throws `no-such-record`, `forbidden`.
   */
  give(asker: Asker, team: string, place: Place, actions: readonly Action[]): Promise<void>;
  /** Takes back what it has been given there and nowhere else. @returns whether that was anything. @throws as `give`. */
  take(asker: Asker, team: string, place: Place): Promise<boolean>;
  /** What has been given to a user, with his teams, or to a team; `null` where there is none of that name. */
  given(to: `user:${string}` | `team:${string}`): Promise<((deed: Deed) => boolean) | null>;
  /** Users to whom this has been given, themselves, with a team of theirs, or with all users; in no order. */
  usersWho(deed: Deed): Promise<readonly string[]>;
}
