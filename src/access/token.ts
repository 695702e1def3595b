/**
 * Tokens: `mrd_`, 32 random letters and digits, and 6 that are a check sum of those, so that a scanner for secrets knows one
 * when it sees it, and a mistyped one is told from an unknown one without asking anybody. 190 bits are random: a plain
 * SHA-256 keeps such a secret as well as a slow hash would, and lets every request be checked.
 */
import { crc32 } from 'node:zlib';

declare const tokenText: unique symbol;
/** A token as its owner keeps it. Its check sum is right; whether anybody knows it is another question. */
export type TokenText = string & { readonly [tokenText]: true };

export const tokenPrefix = 'mrd_';
const randomLength = 32;
const sumLength = 6;
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const shape = /^mrd_[0-9A-Za-z]{38}$/;

/** A new one. */
export function makeToken(): TokenText {
  const random = randomText(randomLength);
  return `${tokenPrefix}${random}${sumOf(random)}` as TokenText;
}

/** `undefined` for what cannot be a token: another form, or a wrong check sum. */
export function asToken(text: string): TokenText | undefined {
  if (!shape.test(text)) return undefined;
  const random = text.slice(tokenPrefix.length, tokenPrefix.length + randomLength);
  return text.endsWith(sumOf(random)) ? (text as TokenText) : undefined;
}

/** SHA-256 of the whole token, base64url: what is stored and sent around instead of it. */
export function hashOfToken(token: TokenText): string {
  return Bun.SHA256.hash(token, 'base64url');
}

const digest = new Uint8Array(32);

/** The same as bytes, which hold until the next call. */
export function digestOfToken(token: TokenText): Uint8Array {
  Bun.SHA256.hash(token, digest);
  return digest;
}

/** Each byte that is not below the largest multiple of 62 is drawn again, so that all letters are equally likely. */
function randomText(length: number): string {
  const fair = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length)))
      if (byte < fair && text.length < length) text += alphabet.charAt(byte % alphabet.length);
  }
  return text;
}

/** CRC-32 in base 62. */
function sumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < sumLength; place++) {
    digits = alphabet.charAt(rest % alphabet.length) + digits;
    rest = Math.floor(rest / alphabet.length);
  }
  return digits;
}
