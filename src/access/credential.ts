/**
 * The credential of a request, in every way in which clients of package registries present one: `Authorization: Bearer`
 * (npm's `_authToken`, docker, `huggingface_hub`), `Basic` with the token as password and any user name (npm's `_auth`, pip, twine, maven,
 * apt), the bare token (cargo, `gem push`), and `X-NuGet-ApiKey` or `X-Api-Key`. Never the query: addresses get into logs.
 */
import { isTicket } from './ticket.ts';
import { asToken, type TokenText } from './token.ts';

export type Credential =
  | { readonly as: 'none' }
  | { readonly as: 'token'; readonly token: TokenText }
  /** What looks like one (`ticket.ts`). */
  | { readonly as: 'ticket'; readonly text: string }
  /** A user's name and password: for those addresses alone that give a token for them. */
  | { readonly as: 'password'; readonly user: string; readonly password: string }
  /** Something that can be none of ours. */
  | { readonly as: 'malformed'; readonly why: string };

/** Fields that hold a token and nothing else. */
const keyFields = ['X-Api-Key', 'X-NuGet-ApiKey'];
const none: Credential = { as: 'none' };
/** Longer than any token and any sensible password. */
const longest = 4096;

export function credentialIn(headers: Headers): Credential {
  const authorization = headers.get('authorization');
  if (authorization !== null) return inAuthorization(authorization);
  for (const field of keyFields) {
    const key = headers.get(field);
    if (key !== null) return inToken(key, field);
  }
  return none;
}

/** RFC 9110 §11.4: a scheme, in any case, and what belongs to it; or, from clients that know of no schemes, the token itself. */
function inAuthorization(value: string): Credential {
  if (value.length > longest) return malformed('The Authorization field is too long.');
  const space = value.indexOf(' ');
  const scheme = (space === -1 ? value : value.slice(0, space)).toLowerCase();
  const rest = space === -1 ? '' : value.slice(space + 1).trim();
  if (scheme === 'bearer') return inBearer(rest.startsWith('hf_mrd_') ? rest.slice('hf_'.length) : rest);
  if (scheme === 'basic') return inBasic(rest);
  if (scheme === 'token') return inToken(rest, 'The Authorization field');
  if (value.startsWith('mrd_')) return inToken(value, 'The Authorization field');
  return malformed('The Authorization field is of a kind that is not known here: use Bearer or Basic.');
}

/** Clients of Hugging Face show nothing that does not begin with `hf_`, so that may stand before a token of ours. */
function inBearer(text: string): Credential {
  return isTicket(text) ? { as: 'ticket', text } : inToken(text, 'The Authorization field');
}

/** RFC 7617: user name and password, as UTF-8, separated by the first colon. */
function inBasic(text: string): Credential {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return malformed('The Authorization field is not valid Base64.');
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon === -1) return malformed('The Authorization field holds no user name and password.');
  const [user, password] = [decoded.slice(0, colon), decoded.slice(colon + 1)];
  if (password.startsWith('mrd_')) return inToken(password, 'The password');
  // Some clients put the token in the place of the user name and leave the password empty.
  if (password === '' && user.startsWith('mrd_')) return inToken(user, 'The user name');
  // What some clients send where they have nothing to show.
  if (password === '' && user === '') return none;
  if (password === '' || user === '')
    return malformed('The Authorization field lacks a user name or a password.');
  return { as: 'password', user, password };
}

function inToken(text: string, where: string): Credential {
  const token = asToken(text);
  if (token !== undefined) return { as: 'token', token };
  return malformed(
    text.startsWith('mrd_')
      ? `${where} holds a token that is mistyped or cut off: its check sum is wrong.`
      : `${where} holds no token of this network: they begin with mrd_.`,
  );
}

function malformed(why: string): Credential {
  return { as: 'malformed', why };
}
