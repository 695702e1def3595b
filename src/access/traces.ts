/**
 * Tokens where none should be: in a field that is about to leave the network, in an address.
 */
import { tokenPrefix } from './token.ts';

/** What may be Base64 of something that holds a token, in either alphabet. */
const encoded = /[\w+/-]{40,}/g;
/** A token, or nearly one. */
const written = /mrd(?:_|%5f)(?:[0-9a-z]{32}|\.[\w-]{32})/i;

/** Rather too many than too few are found: a mistyped token is a secret but for a letter. */
export function mayHoldToken(field: string): boolean {
  if (field.includes(tokenPrefix)) return true;
  return (field.match(encoded) ?? []).some((run) =>
    Buffer.from(run, 'base64').toString('latin1').includes(tokenPrefix),
  );
}

/** @param target path and query. */
export function isTokenInAddress(target: string): boolean {
  return written.test(target);
}
