/**
 * Who asks, and what he may do. A protocol says what a request is about (`Resource.subject`, `Pass.deed`); whoever admits
 * requests finds out who asks; whether the two go together is decided here and nowhere else.
 */

/**
 * `read`: get. `publish`: add and change. `delete`: take away. `admin`: say who may do any of these. `prefetch`: have nodes fetch ahead of time
 * what one may read.
 */
export const actions = ['read', 'publish', 'delete', 'admin', 'prefetch'] as const;
export type Action = (typeof actions)[number];

/** Something that somebody wants to do. */
export interface Deed {
  readonly action: Action;
  readonly route: string;
  /** The package, repository or model, in the protocol's words. Empty: the route as a whole. */
  readonly subject: string;
  /** For those only who have been given it by name: what everybody may do does not count. */
  readonly restricted: boolean;
}

/** Some actions on some subjects of some routes; `*` in a name stands for any text. */
export interface Right {
  readonly actions: readonly Action[];
  readonly routes: readonly string[];
  readonly subjects: readonly string[];
}

export interface Identity {
  /** `anonymous`, `user:alice`, `machine:acme/ui`. */
  readonly name: string;
  /** What a token is called where it is listed; `null` without one. */
  readonly token: string | null;
  may(deed: Deed): boolean;
  /** Who shows a ticket, which is good for some things alone: what he may do without one. */
  readonly whole?: Identity;
  /** These things, for whoever knows of him by his token alone. */
  readonly only?: readonly Right[];
}

/**
 * A field that an origin sets on what is `restricted`, and that stays between nodes: the same bytes for all who may read
 * them, which each of them has to prove. Without it, a response is for all who may read the route.
 */
export const accessField = 'meridian-access';
export const restrictedValue = 'restricted';

export function isRestricted(fields: readonly (readonly [name: string, value: string])[]): boolean {
  return fields.some(([name, value]) => name === accessField && value === restrictedValue);
}

/** Whoever does something about an account, as far as it is known. */
export interface Asker {
  readonly identity: Identity;
  /** Of his client; `null` where nobody knows it. */
  readonly address: string | null;
}

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

/** One subject of one route. */
export interface Place {
  readonly route: string;
  readonly subject: string;
}

/**
 * Teams and what they may do. Whatever changes something is in the audit log, and is told to all nodes before its promise
 * resolves, if they can be told within seconds.
 *
 * Whoever says who is in a team has to administer all that the team has been given: else somebody could join one, and so get what
 * nobody meant him to have.
 */
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

/**
 * What a request for a ticket says. A ticket is a credential for a few minutes and for some things alone, which a PoP gives to whoever shows
 * who he is. Nothing is kept of it: it names the token that stands behind it, and is worth nothing when that one is not.
 */
export interface TicketWish {
  /** What shows who asks; `null`: the request's own fields, or nobody in particular. */
  readonly shown: ShownSecret | null;
  /** What the ticket is to be good for, on this route. Of that, it gives what its holder may do when he does it. */
  readonly rights: readonly Pick<Right, 'actions' | 'subjects'>[];
  /** A token that the client can keep instead of his password, by what it is called where tokens are listed; `null`: it wants none. */
  readonly keep: string | null;
}

/** A user's name with his password or a token in the place of it. Of a token alone, the name is of no account. */
export interface ShownSecret {
  readonly user: string;
  readonly secret: string;
}

export interface GivenTicket {
  readonly text: string;
  /** How long it is good. */
  readonly forS: number;
  /** ms since the epoch. */
  readonly givenMs: number;
  /** What the client keeps instead of the password; `null`: it has not asked for that, or has shown a token. */
  readonly kept: string | null;
}

/** What the origin lends to protocols that have commands for accounts. Whatever changes something is in the audit log. */
export interface Accounts {
  /** Whether anybody may become a user. */
  readonly isOpen: boolean;
  /** How long a login in a browser may take, seconds. */
  readonly sessionS: number;
  /** @throws `wrong-password`, `too-many-attempts`, `forbidden`, `conflict`, `request-malformed`. */
  logIn(proof: Proof, address: string | null, label: string): Promise<GivenToken>;
  /**
   * The token that stands for a user and his password, by its SHA-256: the same for hours, for clients that show it each time.
   * @throws as `logIn`.
   */
  standIn(
    shown: Pick<Proof, 'user' | 'password'>,
    address: string | null,
  ): Promise<{ readonly hash: string }>;
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
