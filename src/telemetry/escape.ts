/**
 * Text from outside, made safe for a terminal and a line-based log: no line breaks, no escape sequences, no
 * invisible or direction-changing characters, no halves of surrogate pairs.
 */

const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const unsafeOnce = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** `\x1b` and `\u{202e}` in place of the characters themselves. */
export function escapeControls(value: string): string {
  return unsafeOnce.test(value) ? value.replace(unsafe, escapeOne) : value;
}

function escapeOne(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
