/** Accounts of users, as the origin lends them to protocols whose clients have commands for that. */
import type { Asker, Right } from './identity.ts';
import type { Teams } from './teams.ts';

/** What shows that somebody is a user. */
export interface Proof {
  readonly user: string;
  readonly password: string;
  /** Makes the user, if there is none of this name and the config lets people sign up. */
  readonly create: { readonly email: string | null } | null;
}

/** A token whose text is told this once. Times are ms since the epoch. */
export interface GivenToken {
  readonly text: string;
  readonly token: HeldToken;
}

export interface HeldToken {
  readonly id: string;
  readonly label: string;
  readonly createdMs: number;
  readonly expiresMs: number | null;
  readonly addresses: readonly string[];
  readonly limit: readonly Right[] | null;
}

/** What a token of somebody is to be like. */
export interface WantedToken extends Pick<HeldToken, 'label' | 'expiresMs' | 'addresses' | 'limit'> {}

/** A login that is to be finished in a browser: `page` and `done` are secrets, of which neither tells the other. */
export interface BegunLogin {
  readonly page: string;
  readonly done: string;
}

export interface AccountUser {
  readonly name: string;
  readonly email: string | null;
  /** ms since the epoch. */
  readonly createdMs: number;
}

/** What is left out stays as it is. */
export interface ProfileChange {
  readonly email?: string | null | undefined;
  /** By what it is about; `null` takes it away. At most 32 letters about what, and 254 of it. */
  readonly words: Readonly<Record<string, string | null>>;
  readonly password?: { readonly old: string; readonly new: string } | undefined;
}

/** What the origin lends to protocols that have commands for accounts. Whatever changes something is in the audit log. */
export interface Accounts {
  /** Whether anybody may become a user. */
  readonly isOpen: boolean;
  /** How long a login in a browser may take, seconds. */
  readonly sessionS: number;
  /** @throws `wrong-password`, `too-many-attempts`, `forbidden`, `conflict`, `request-malformed`. */
  logIn(proof: Proof, address: string | null, label: string): Promise<GivenToken>;
  /** Nothing is kept of it until somebody finishes it. */
  beginLogin(address: string | null): BegunLogin;
  /** The address from which it was begun. @throws `no-such-record` when it has expired or been finished. */
  begunFrom(page: string): Promise<string | null>;
  /** As `logIn`, and `no-such-record`; the token is for whoever waits. */
  finishLogin(page: string, proof: Proof, address: string | null): Promise<void>;
  /** Once; `null` while nobody has finished it. @throws `no-such-record` when it has expired or been taken. */
  takeLogin(done: string, label: string): Promise<GivenToken | null>;
  /** A machine's identity token for one of this network, with no more than these rights. @throws `unauthenticated`, `forbidden`. */
  exchange(jwt: string, address: string | null, limit: readonly Right[]): Promise<GivenToken>;
  /** `null` when there is no such user. */
  user(name: string): Promise<AccountUser | null>;
  /** What a user says of himself, by what it is about. */
  profile(name: string): Promise<Readonly<Record<string, string>>>;
  /**
   * Changes what the asker says of himself, and his password.
   *
   * @throws `wrong-password`, `too-many-attempts`, `request-malformed`, `forbidden` for who is no user, and for limited tokens.
   */
  changeProfile(asker: Asker, change: ProfileChange): Promise<void>;
  readonly teams: Teams;
  /** His tokens; who asks with a token that is limited sees that one alone. */
  tokens(asker: Asker): Promise<readonly HeldToken[]>;
  /** @throws `wrong-password`, `too-many-attempts`, `forbidden` for who is no user. */
  makeToken(asker: Asker, password: string, wanted: WantedToken): Promise<GivenToken>;
  /** One of his own, by id or text. @throws `no-such-record`. */
  revokeToken(asker: Asker, which: string): Promise<void>;
}
