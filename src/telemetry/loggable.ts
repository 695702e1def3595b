/**
 * A request target without the credentials that it may carry: values of secret-looking query parameters
 * and user-info. Almost no target has either, so the common case is two searches for one character.
 */

/** Anywhere in a parameter's name. */
const inName = /token|secret|passw|pwd|signature|credential|api[-_]?key|session|assertion/;
/** The whole name. `x-amz-…` and `x-goog-…` are presigned storage URLs; `code` and `state` are OAuth's. */
const wholeName =
  /^(?:key|sig|auth|authorization|jwt|code|state|otp|pin|access[-_]?key.*|x-(?:amz|goog)-.*)$/;

/** Whether a query is worth a closer look: finds every name that the two above find, and more. */
const suspicious =
  /token|secret|passw|pwd|sig|credential|key|session|assertion|auth|jwt|code|state|otp|pin|x-|%/i;

/** In the place of what is not to be read. */
export const replacement = '…';

/** A token of the network or of npm, or a part of one: credentials are not taken from addresses, but some put them there. */
const tokens = /(mrd|npm)(?:_|%5f)(?:[0-9a-z]{8,}|\.[\w.-]{8,})/gi;
/** Whatever is in its place: `npm logout` and `npm token revoke` name the token in the path. */
const inPlace = /(\/(?:-|%2d)\/(?:user|npm\/v1\/tokens)\/token\/)(?!(?:mrd|npm)_…)[^/?#]+/gi;
/** Whether a text is worth a closer look. */
const mayHoldToken = /mrd|npm(?:_|%5f)|\/token\//i;

export function loggable(target: string): string {
  return shown(withoutTokens(target));
}

/** Any text of a client, without the tokens in it. */
export function withoutTokens(text: string): string {
  if (!mayHoldToken.test(text)) return text;
  return text.replace(tokens, `$1_${replacement}`).replace(inPlace, `$1${replacement}`);
}

function shown(target: string): string {
  const query = target.indexOf('?');
  const at = target.indexOf('@');
  if (query === -1) return at === -1 ? target : withoutUserInfo(target);
  const asked = target.slice(query + 1);
  if (!suspicious.test(asked)) return at === -1 ? target : withoutUserInfo(target);
  const path = target.slice(0, query);
  return withoutUserInfo(`${path}?${withoutValues(asked, isSecret)}`);
}

/** A query, without its question mark, in which the values of such parameters cannot be read. */
export function withoutValues(query: string, isHidden: (name: string) => boolean): string {
  return query
    .split('&')
    .map((pair) => hideValue(pair, isHidden))
    .join('&');
}

/** `https://name:password@host` anywhere in the target, also percent-encoded. */
function withoutUserInfo(target: string): string {
  if (!target.includes('//') && !/%2f/i.test(target)) return target;
  return target.replace(/((?:\/|%2f){2})[^/?#&@%]*(?::|%3a)[^/?#&@]*?(?:@|%40)/gi, `$1${replacement}@`);
}

/** Some servers take `;` for a separator too: from the first secret-looking name on, all of it is hidden. */
function hideValue(pair: string, isHidden: (name: string) => boolean): string {
  let start = 0;
  for (const part of pair.split(';')) {
    const equals = part.indexOf('=');
    if (equals !== -1 && isHidden(part.slice(0, equals)))
      return pair.slice(0, start + equals + 1) + replacement;
    start += part.length + 1;
  }
  return pair;
}

function isSecret(name: string): boolean {
  const plain = (name.includes('%') ? decode(name) : name).toLowerCase();
  return inName.test(plain) || wholeName.test(plain);
}

/** Percent-decoding that takes malformed input as it is. */
export function decode(name: string): string {
  return name.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
