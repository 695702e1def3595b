/**
 * At the origin: what concerns the registry rather than a package's documents, fetched as it is.
 */
import type { Answer, Entry } from '../../entry.ts';
import type { Ask, Remote } from '../../parent.ts';
import type { OriginDoor } from '../../protocol.ts';
import { cacheControlOf } from '../kept-for.ts';
import { confirm, errorAnswer, keepFields } from './canonical.ts';
import { searchHosted } from './hosted/search.ts';
import type { NpmOrigin } from './origin.ts';
import { packumentUrl } from './remotes.ts';
import { acceptingJson, get, passError } from './upstream.ts';

/** Describes a body that is passed on as it came. */
const bodyFields = ['content-type', 'content-length', 'meridian-unframed'] as const;

/**
 * The keys that a registry signs versions with. They change once in years, but a key that was withdrawn
 * must not be believed for long, so they are as fresh as a package's document. Only the default remote's:
 * the keys of a private registry have no say in what a public one signed.
 */
export function pullKeys(npm: NpmOrigin, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const remote = npm.remotes.fallback();
  return pullAsIs(npm, remote, `${remote.url}/-/npm/v1/keys`, 'signing keys', ask, origin);
}

/**
 * The provenance of one version. Not immutable, although the version is: a registry adds its own statement
 * after the publisher's, so they are as fresh as a package's document, and "none" is kept for a moment only.
 */
export function pullAttestations(
  npm: NpmOrigin,
  name: string,
  version: string,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const remote = npm.remotes.of(name);
  const subject = `${name}@${version}`;
  const path = `/-/npm/v1/attestations/${name.replace('/', '%2f')}@${encodeURIComponent(version)}`;
  return pullAsIs(npm, remote, remote.url + path, `attestations of ${subject}`, ask, origin);
}

async function pullAsIs(
  npm: NpmOrigin,
  remote: Remote,
  url: string,
  subject: string,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const headers = acceptingJson();
  addConditions(headers, ask.stored);
  const answer = await get(origin, npm.remotes, remote, url, headers, ask.signal);
  const cacheControl = cacheControlOf(npm.metadata, answer.headers);
  if (answer.status === 304 && ask.stored !== null) return confirm(ask.stored.etag, { cacheControl });
  if (answer.status !== 200) return passError(answer, subject);
  const kept = keepFields(answer.headers, [...bodyFields, 'etag', 'last-modified']);
  kept.set('cache-control', cacheControl);
  return { status: 200, headers: kept, body: answer.body };
}

/**
 * Full-text search, by the default remote. What mentions a scope that belongs to another one stays here:
 * somebody looks for a private package, and its name is nobody else's business.
 */
export async function pullSearch(npm: NpmOrigin, ask: Ask, origin: OriginDoor): Promise<Answer> {
  if (npm.hosted !== null) return searchHosted(npm, ask, origin);
  const { query } = ask.exchange;
  const remote = npm.remotes.fallback();
  const words = [...new URLSearchParams(query)].flat().join(' ');
  if (npm.remotes.mentionsPrivate(words)) {
    return errorAnswer(
      404,
      'Search covers the default registry only, and this names a scope of another one.',
    );
  }
  return passThrough(npm, remote, `${remote.url}/-/v1/search${query}`, 'search', ask, origin);
}

/** The upstream's own document, for a client that is about to edit it: nothing in it is ours. */
export function pullDocument(npm: NpmOrigin, name: string, ask: Ask, origin: OriginDoor): Promise<Answer> {
  const remote = npm.remotes.of(name);
  return passThrough(npm, remote, `${packumentUrl(remote, name)}?write=true`, name, ask, origin);
}

async function passThrough(
  npm: NpmOrigin,
  remote: Remote,
  url: string,
  subject: string,
  ask: Ask,
  origin: OriginDoor,
): Promise<Answer> {
  const answer = await get(origin, npm.remotes, remote, url, acceptingJson(), ask.signal);
  return answer.status === 200 ? passOn(answer) : passError(answer, subject);
}

/** For whoever asked, and for nobody else. */
export function passOn(answer: Answer): Answer {
  const headers = keepFields(answer.headers, bodyFields);
  headers.set('cache-control', 'no-store');
  return { status: 200, headers, body: answer.body };
}

function addConditions(headers: Headers, stored: Entry | null): void {
  if (stored === null) return;
  if (stored.etag !== null) headers.set('if-none-match', stored.etag);
  const lastModified = stored.fields.find(([name]) => name === 'last-modified')?.[1];
  if (lastModified !== undefined) headers.set('if-modified-since', lastModified);
}
