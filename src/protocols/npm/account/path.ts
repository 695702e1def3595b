/**
 * What a path about accounts means. Only for paths that `path.ts` has found to be about them, which no hit is: here, names may be
 * percent-encoded in any way.
 */
import { isNewPackageName } from '../path.ts';

export type AccountWanted =
  | { readonly of: 'whoami' | 'profile' | 'tokens' | 'login' | 'done' }
  | { readonly of: 'user'; readonly user: string }
  /** By its id or, for logging out, as a whole. */
  | { readonly of: 'token'; readonly which: string }
  | { readonly of: 'exchange'; readonly name: string }
  | { readonly of: 'teams' | 'scope-packages'; readonly scope: string }
  | { readonly of: 'team' | 'members' | 'team-packages'; readonly team: TeamName }
  | { readonly of: 'user-packages'; readonly user: string }
  /** Something that registries have and this one has not. */
  | { readonly of: 'elsewhere'; readonly advice: string };

/** `@acme:core`. */
export interface TeamName {
  /** Without its `@`. */
  readonly scope: string;
  readonly team: string;
}

const exact = new Map<string, AccountWanted>([
  ['/-/whoami', { of: 'whoami' }],
  ['/-/npm/v1/user', { of: 'profile' }],
  ['/-/npm/v1/tokens', { of: 'tokens' }],
  ['/-/v1/login', { of: 'login' }],
  ['/-/v1/done', { of: 'done' }],
]);

const USER = '/-/user/org.couchdb.user:';
const LOGOUT = '/-/user/token/';
const TOKEN = '/-/npm/v1/tokens/token/';
const EXCHANGE = '/-/npm/v1/oidc/token/exchange/package/';

/** Of CouchDB documents, which clients of old send back. There are none here. */
const revision = /\/-rev\/[^/]*$/;

/** @param path below the route's prefix. */
export function readAccount(path: string): AccountWanted {
  const plain = decoded(path);
  const found = exact.get(plain);
  if (found !== undefined) return found;
  if (plain.startsWith(USER)) return { of: 'user', user: plain.slice(USER.length).replace(revision, '') };
  if (plain.startsWith(LOGOUT)) return { of: 'token', which: plain.slice(LOGOUT.length) };
  if (plain.startsWith(TOKEN)) return { of: 'token', which: plain.slice(TOKEN.length) };
  if (plain.startsWith(EXCHANGE)) {
    const name = plain.slice(EXCHANGE.length);
    // Where rights are concerned, the star of some old names would mean any name.
    if (isNewPackageName(name)) return { of: 'exchange', name };
    return { of: 'elsewhere', advice: 'Tokens for publishing are given for packages with a valid name.' };
  }
  return readTeam(plain) ?? { of: 'elsewhere', advice: adviceOn(plain) };
}

const OF_SCOPE = /^\/-\/org\/@?([^/]+)\/(team|package)$/;
const OF_TEAM = /^\/-\/team\/@?([^/]+)\/([^/]+?)(?:\/(user|package))?$/;
const OF_USER = /^\/-\/user\/([^/]+)\/package$/;

/** `npm team`, and who may do what in `npm access`. */
function readTeam(plain: string): AccountWanted | null {
  const ofScope = OF_SCOPE.exec(plain);
  if (ofScope !== null) {
    const [, scope = '', what] = ofScope;
    return { of: what === 'team' ? 'teams' : 'scope-packages', scope };
  }
  const ofTeam = OF_TEAM.exec(plain);
  if (ofTeam !== null) {
    const [, scope = '', team = '', what] = ofTeam;
    const of = what === 'user' ? 'members' : what === 'package' ? 'team-packages' : 'team';
    return { of, team: { scope, team } };
  }
  const user = OF_USER.exec(plain)?.[1];
  return user === undefined ? null : { of: 'user-packages', user };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // and then it is none of those above
  }
}

function adviceOn(plain: string): string {
  if (plain.startsWith('/-/_view/') || /\/stars?$/.test(plain)) return adviceOnStars;
  if (plain.startsWith('/-/npm/v1/hooks')) return adviceOnHooks;
  return plain.startsWith('/-/package/') ? adviceOnTrust : adviceOnOrganisations;
}

export const adviceOnStars = 'Nobody keeps stars here: the registry of a team has no favourites.';
const adviceOnHooks =
  'There are no hooks here: what was published is in the audit log, which can be followed (`GET /.meridian/v1/audit?after=…`).';
const adviceOnOrganisations =
  'There are no organisations here: users belong to the network (`meridian user`), and teams to scopes (`npm team`).';
const adviceOnTrust =
  'Which jobs may publish is said in the config (`access.issuers`) and by grants to their machines (`meridian grant add machine:<name>`).';
