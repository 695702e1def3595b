/**
 * Who asks, and what he may do. A protocol says what a request is about (`Resource.subject`, `Pass.deed`); whoever admits
 * requests finds out who asks; whether the two go together is decided here and nowhere else.
 */

/** `read`: get. `publish`: add and change. `delete`: take away. `admin`: say who may do any of these. */
export const actions = ['read', 'publish', 'delete', 'admin'] as const;
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
