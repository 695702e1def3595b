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
  /** Something that registries have and this one has not. */
  | { readonly of: 'elsewhere'; readonly advice: string };

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
  return { of: 'elsewhere', advice: plain.startsWith('/-/package/') ? adviceOnTrust : adviceOnTeams };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // and then it is none of those above
  }
}

const adviceOnTeams =
  'Teams and what they may do are those of the network, not of an npm organisation: whoever administers it uses `meridian team` and `meridian grant`.';
const adviceOnTrust =
  'Which jobs may publish is said in the config (`access.issuers`) and by grants to their machines (`meridian grant add machine:<name>`).';
