/** Entries as a cache of npm tarballs has them: what a registry behind a large delivery network says of each. */
import type { Entry } from '../../src/entry.ts';
import type { CacheKey } from '../../src/resource.ts';

const YEAR_S = 31_557_600;
const START_MS = Date.UTC(2026, 0, 1);
const RELEASED = 'Sat, 21 Nov 2020 11:58:36 GMT';
const PACKAGES = 50_000;
const SCOPES = 500;

export function keyAt(n: number): CacheKey {
  const name = nameAt(n);
  const version = `${n % 37}.${n % 11}.${Math.floor(n / PACKAGES)}`;
  return `npm tarball/${name}/${name.slice(name.indexOf('/') + 1)}-${version}.tgz` as CacheKey;
}

export function entryAt(n: number): Entry {
  const sha256 = digest('sha256', n, 'hex');
  const etag = `"${sha256.slice(0, 32)}"`;
  return {
    key: keyAt(n),
    status: 200,
    fields: [
      ['accept-ranges', 'bytes'],
      ['access-control-allow-origin', '*'],
      ['cache-control', 'public, immutable, max-age=31557600'],
      ['cf-cache-status', 'HIT'],
      ['cf-ray', `${sha256.slice(0, 16)}-FRA`],
      ['content-type', 'application/octet-stream'],
      ['date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
      ['etag', etag],
      ['last-modified', RELEASED],
      ['repr-digest', `sha-512=:${digest('sha512', n, 'base64')}:`],
      ['server', 'cloudflare'],
      ['vary', 'Accept-Encoding'],
    ],
    selecting: [],
    tags: [`npm:${nameAt(n)}`],
    freshness: {
      receivedMs: START_MS + n,
      initialAgeS: 3.041,
      lifetimeS: YEAR_S,
      staleWhileRevalidateS: 0,
      staleIfErrorS: 0,
      alwaysRevalidate: false,
      neverStale: false,
      staleIfDisconnectedS: 0,
      immutable: false,
    },
    etag,
    lastModifiedMs: Date.parse(RELEASED),
    sourceEtag: null,
    asOf: 0,
    sizeBytes: 1000 + (n % 100_000),
    sha256,
  };
}

function nameAt(n: number): string {
  return `@scope-${n % SCOPES}/package-${n % PACKAGES}`;
}

function digest(algorithm: 'sha256' | 'sha512', n: number, encoding: 'hex' | 'base64'): string {
  return new Bun.CryptoHasher(algorithm).update(String(n)).digest(encoding);
}
