/**
 * What Bun's parsers let through and must not get any further: requests that two servers could understand in two
 * ways (RFC 9112 §11, RFC 9113 §10.3). `listener/attacks.test.ts` is the table of what was tried on Bun and how it
 * answered; what it refuses by itself is not looked at here.
 *
 * Runs for every request: on the good path it allocates nothing, and costs some string comparisons.
 *
 * Some things cannot be seen from here, because Bun hands over the request as the URL Standard understands it:
 * dot segments (also as `%2e`) are resolved and `\` is `/`, a byte beyond ASCII that is valid UTF-8 looks as if it
 * had come percent-encoded, and the authority of an absolute-form target is dropped in favour of `Host`. All later
 * phases, and the next tiers, see the same result, so no two of them can disagree.
 */
import type { ErrorCode } from '../../errors.ts';
import { validAuthority } from '../host.ts';

const slash = 0x2f;
const colon = 0x3a;

/** Bytes that are not UTF-8, as Bun hands them over: U+FFFD, encoded. */
const mangled = '%EF%BF%BD';

/** RFC 3986 §2.1: two hexadecimal digits follow. Only in the path: real clients do send `?discount=10%`. */
const brokenEscape = /^[^?]*%(?![\dA-Fa-f]{2})/;

/** The last `Host` that was found valid: nearly always that of the next request, too. */
let knownHost = '';

/** Why a request must not be served, or `null`. The answer to a 400 should close the connection. */
export function requestFault(request: Request): ErrorCode | null {
  const { method, url, headers } = request;
  if (method === 'CONNECT' || method === 'TRACE') return 'method-unknown';

  const host = headers.get('host');
  if (url.charCodeAt(0) === slash) {
    // A bare path: `Host` is invalid, or absent, which is for HTTP/1.0 alone (Bun refuses it in HTTP/1.1).
    if (host !== null) return 'host-invalid';
  } else {
    if (!url.startsWith('http')) return 'target-invalid';
    if (host === null || !agrees(url, host)) return 'host-invalid';
  }
  if (url.includes('#') || (url.includes('%') && badlyEscaped(url))) return 'target-invalid';
  if (method !== 'GET' && method !== 'HEAD' && oddFraming(headers)) return 'request-malformed';
  return null;
}

/** Whether `Host` is valid, and what the URL was made of (`h, j` is `h` there; `0x7f.1` is `127.0.0.1`). */
function agrees(url: string, host: string): boolean {
  if (host !== knownHost) {
    if (!validAuthority(host)) return false;
    knownHost = host;
  }
  const start = url.charCodeAt(4) === colon ? 7 : 8;
  if (url.startsWith(host, start) && url.charCodeAt(start + host.length) === slash) return true;
  const defaultPort = start === 7 ? ':80' : ':443';
  const plain = host.toLowerCase();
  const expected = plain.endsWith(defaultPort) ? plain.slice(0, -defaultPort.length) : plain;
  return url.startsWith(expected, start) && url.charCodeAt(start + expected.length) === slash;
}

function badlyEscaped(url: string): boolean {
  return url.includes(mangled) || brokenEscape.test(url);
}

/**
 * Bun reads `chunked,` as chunked and `3, 3` as 3, which RFC 9110 §8.6 allows; but the fields are still there for the
 * next one to read differently.
 */
function oddFraming(headers: Headers): boolean {
  const coding = headers.get('transfer-encoding');
  if (coding !== null && coding.toLowerCase() !== 'chunked') return true;
  return headers.get('content-length')?.includes(',') === true;
}
