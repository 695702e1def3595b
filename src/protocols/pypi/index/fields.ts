/** What both forms of an index have in common: addresses, hashes, the state of a project. */
import type { ProjectStatus } from './page.ts';

/** `null`: no address that anything could be fetched from. Its fragment is gone. */
export function absolute(url: string, base: string): string | null {
  const parsed = URL.parse(url, base);
  if (parsed?.protocol !== 'https:' && parsed?.protocol !== 'http:') return null;
  parsed.hash = '';
  return parsed.href;
}

/** Digits of each, which tell a hash from something else. */
const lengths: Readonly<Record<string, number>> = { md5: 32, sha1: 40, sha256: 64, sha384: 96, sha512: 128 };

/** Hashes that are known here and are what they are called; of others nothing could be compared. */
export function hashesIn(said: Iterable<readonly [name: string, value: string]>): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const [name, value] of said) {
    const [algorithm, digits] = [name.toLowerCase(), value.toLowerCase()];
    if (/^[0-9a-f]+$/.test(digits) && digits.length === lengths[algorithm]) hashes[algorithm] = digits;
  }
  return hashes;
}

/** `sha256=…`, as fragments and attributes write it. */
export function hashesInText(text: string): Record<string, string> {
  const equals = text.indexOf('=');
  return equals < 0 ? {} : hashesIn([[text.slice(0, equals), text.slice(equals + 1)]]);
}

export function readStatus(status?: string | null, reason?: string | null): ProjectStatus | null {
  if (status == null || status === 'active') return null;
  return { status, reason: reason ?? null };
}
