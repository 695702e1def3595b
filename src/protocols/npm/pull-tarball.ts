/**
 * At the origin: a tarball, from wherever the package's document says that it is, with the digest that the
 * document promises. The caches verify that digest as the bytes stream and keep nothing that differs.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import type { Ask, Remote } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { discard } from '../bodies.ts';
import { immutable } from '../kept-for.ts';
import { confirm, errorAnswer, keepFields, passRead, type ReadDocument } from './canonical.ts';
import { etagOf } from './integrity.ts';
import { serveMirrored } from './mirror.ts';
import { indexResource } from './name.ts';
import type { NpmOrigin } from './origin.ts';
import { readCurrent } from './policy/current.ts';
import { refuseVersion } from './policy/refuse.ts';
import { findInIndex, type IndexedFile } from './tarball-index.ts';
import { get, passError } from './upstream.ts';

export async function pullTarball(
  npm: NpmOrigin,
  name: string,
  file: string,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const mirrored = await serveMirrored(npm, name, file, ask, origin);
  if (mirrored !== null) return mirrored;
  const resource = indexResource(npm.route, name, npm.metadata);
  const index = await readCurrent(npm, name, resource, ask, origin);
  if (index.status !== 200) return passRead(index);
  let found = findInIndex(index.bytes, file);
  // What is hidden is refused, unless it is old enough by now and the index is not.
  const refusal = found !== null && 'hidden' in found ? refuseVersion(npm, name, found.hidden) : null;
  if (refusal !== null) return refusal;
  if (found === null || 'hidden' in found) {
    const newest = await lookAgain();
    if (newest !== null && newest.status !== 200) return passRead(newest);
    found = newest === null ? null : findInIndex(newest.bytes, file);
  }
  if (found === null || 'hidden' in found) {
    const still = found && refuseVersion(npm, name, found.hidden);
    return still ?? errorAnswer(404, `Not found: ${name}/-/${file}`);
  }

  const etag = found.digest === null ? null : etagOf(found.digest);
  if (etag !== null && ask.stored?.etag === etag) return confirm(etag, { cacheControl: immutable });
  return fetchTarball(npm, found, npm.remotes.of(name), `${name}/-/${file}`, ask, origin);

  /** A file that the stored index does not know may have been published since. */
  async function lookAgain(): Promise<ReadDocument | null> {
    return npm.lastLooks.once(name, () => {
      // Shared with whoever asks next, so it does not end when this client leaves.
      const { signal } = new AbortController();
      return readCurrent(npm, name, resource, { ...ask, stored: null, reload: true, signal }, origin);
    });
  }
}

async function fetchTarball(
  npm: NpmOrigin,
  { url, digest }: IndexedFile,
  remote: Remote,
  subject: string,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const address = secured(url, remote);
  if (digest === null && new URL(address).origin !== new URL(remote.url).origin) {
    // Only a digest could tell these bytes from whatever else a stranger's document may point at.
    throw new MeridianError('upstream-invalid', 'The tarball is at another host and has no integrity.');
  }
  const asked = new Headers({ accept: '*/*', 'accept-encoding': 'identity' });
  const isHead = ask.exchange.method === 'HEAD';
  const send = (method: 'GET' | 'HEAD') =>
    get(origin, npm.remotes, remote, address, asked, ask.signal, method);
  let answer = await send(isHead ? 'HEAD' : 'GET');
  if (isHead && refusesHead.has(answer.status)) {
    await discard(answer);
    answer = await send('GET');
  }
  if (answer.status !== 200) return passError(answer, subject);
  if (answer.body === null && !isHead) {
    await discard(answer);
    throw new MeridianError('upstream-invalid', 'The upstream registry sent a tarball without bytes.');
  }
  // `Content-Encoding: gzip` on a .tgz describes the file, not a coding that somebody should undo.
  const headers = keepFields(answer.headers, ['content-length', 'last-modified', 'meridian-unframed']);
  headers.set('content-type', 'application/octet-stream');
  if (digest === null) {
    headers.set('cache-control', 'no-store');
  } else {
    headers.set('cache-control', immutable);
    headers.set('repr-digest', digest);
    headers.set('etag', etagOf(digest));
  }
  if (!isHead) return { status: 200, headers, body: answer.body };
  await discard(answer);
  return { status: 200, headers, body: null };
}

/** Servers that know no HEAD say so in these ways, or have signed their address for GET alone. */
const refusesHead: ReadonlySet<number> = new Set([403, 405, 501]);

/**
 * Registries behind a proxy that ends TLS often write `http:` into their documents. Where the remote is
 * spoken to over TLS, so are its tarballs.
 */
function secured(tarball: string, remote: Remote): string {
  const url = new URL(tarball);
  const own = new URL(remote.url);
  if (
    own.protocol === 'https:' &&
    url.protocol === 'http:' &&
    url.hostname === own.hostname &&
    url.port === ''
  ) {
    url.protocol = 'https:';
    url.port = own.port;
  }
  return url.href;
}
