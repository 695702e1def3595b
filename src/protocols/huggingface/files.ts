/**
 * Files of a commit. Large ones (Git LFS) come with the SHA-256 that every tier compares as the bytes stream; small ones are fetched whole, and compared with
 * the hash that Git gives them, once, where they come in.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { formatReprDigest, fromShasum } from '../../http/digest.ts';
import { cacheControlOf, immutable } from '../kept-for.ts';
import { documentAnswer, etagOf } from '../registry/answers.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { type FileWanted, pullFile } from '../registry/file.ts';
import { refuseVersion } from '../registry/policy/refuse.ts';
import { fetchWhole, passError } from '../registry/upstream.ts';
import { type Address, filePath } from './address.ts';
import { type Facts, readFacts } from './facts.ts';
import { readInfo, refuseRepo, type Sharing } from './repository.ts';

type FileAddress = Extract<Address, { at: 'resolve' | 'raw' }>;

/** Where a revision that moves points to today. Relative to this host: clients follow that alone when they look at a file. */
export async function pullMove(
  item: Item,
  { at: verb, repo, rev, file }: FileAddress,
  at: Pulling,
  sharing: Sharing,
): Promise<Answer> {
  const refusal = await refuseRepo(item, at, sharing);
  if (refusal !== null) return refusal;
  const found = await readInfo(repo, rev, at);
  if ('refusal' in found) return found.refusal;
  const { sha } = found.info;
  return movedTo(`${at.registry.prefix}/${filePath(verb, repo, sha, file)}`, sha, {
    'cache-control': cacheControlOf(at.registry.metadata, found.headers),
  });
}

export function movedTo(location: string, commit: string, fields: Record<string, string>): Answer {
  const headers = new Headers({ ...fields, location, 'x-repo-commit': commit, 'content-length': '0' });
  return { status: 307, headers, body: null };
}

export async function pullCommitted(
  item: Item,
  address: FileAddress,
  at: Pulling,
  sharing: Sharing,
): Promise<Answer> {
  const refusal = await refuseRepo(item, at, sharing);
  if (refusal !== null) return refusal;
  const publishedMs = await publishedOf(address, at);
  const judged = refuseVersion(item, { version: address.rev, publishedMs }, at);
  if (judged !== null) return judged;
  const facts = await readFacts(item, at);
  if ('refusal' in facts) return facts.refusal;
  const source = at.registry.sources.of(item.name).find(({ url }) => url === facts.source);
  if (source === undefined)
    throw new MeridianError('upstream-invalid', `${item.path} is of an upstream that the route has no more.`);
  const fields = fieldsOf(address, facts);
  const wanted: FileWanted = {
    ...{ source, url: `/${item.path}`, digest: fromShasum(facts.sha256 ?? '') ?? null },
    ...{ type: typeOf(address.file), version: address.rev, publishedMs, neverChanges: true, fields },
  };
  if (facts.git !== null) return pullSmall(item, { ...wanted, git: facts.git }, at);
  return at.ask.exchange.method === 'HEAD' ? headAnswer(wanted, facts) : pullFile(item, wanted, at);
}

/** What clients call a file in their own caches, and how long it is. */
export function fieldsOf(
  { rev, file }: Pick<FileAddress, 'rev' | 'file'>,
  { sha256, git, sizeBytes }: Pick<Facts, 'sha256' | 'git' | 'sizeBytes'>,
): Record<string, string> {
  const etag = sha256 ?? git;
  const name = file.slice(file.lastIndexOf('/') + 1);
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\]/g, '_');
  return {
    'x-repo-commit': rev,
    ...(etag !== null && { 'x-linked-etag': `"${etag}"` }),
    ...(sizeBytes !== null && { 'x-linked-size': String(sizeBytes) }),
    'content-disposition': `inline; filename*=UTF-8''${encodeURIComponent(name)}; filename="${plain}"`,
    'x-content-type-options': 'nosniff',
  };
}

/** Addresses of bytes are often signed for `GET` alone; and all that `HEAD` tells is known. */
function headAnswer({ digest, type, fields }: FileWanted, { sizeBytes }: Facts): Answer {
  const headers = new Headers({ ...fields, 'content-type': type, 'cache-control': immutable });
  if (sizeBytes !== null) headers.set('content-length', String(sizeBytes));
  if (digest !== null) {
    headers.set('etag', etagOf(digest));
    headers.set('repr-digest', formatReprDigest(digest));
  }
  return { status: 200, headers, body: null };
}

async function pullSmall(
  item: Item,
  { source, url, type, fields, git }: FileWanted & { readonly git: string },
  at: Pulling,
): Promise<Answer> {
  const found = await fetchWhole(source, url, {}, at);
  if (found.status !== 200)
    return passError({ status: found.status, headers: found.headers, body: null }, item.path, at.registry);
  if (gitHash(found.bytes) !== git)
    throw new MeridianError(
      'upstream-invalid',
      `${source.name} gives other bytes for ${item.path} than the commit says.`,
    );
  return documentAnswer({ body: found.bytes, type, ...(fields && { fields }) }, at.ask.stored, immutable);
}

/** As Git names what it keeps. */
export function gitHash(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex');
}

async function publishedOf({ repo, rev }: FileAddress, at: Pulling): Promise<number | null> {
  if (at.registry.policy === null) return null;
  const found = await readInfo(repo, rev, at);
  if ('refusal' in found) return null;
  const publishedMs = Date.parse(found.info.lastModified ?? '');
  return Number.isNaN(publishedMs) ? null : publishedMs;
}

/** Nothing of it is to be run by browsers. */
export function typeOf(file: string): string {
  return /\.(?:json|jsonl|md|txt|py|ya?ml|toml|csv|tsv|cfg|ini|html?|xml|js|ts|css|jinja)$|(?:^|\/)(?:\.gitattributes|\.gitignore|LICENSE|README)$/i.test(
    file,
  )
    ? 'text/plain; charset=utf-8'
    : 'application/octet-stream';
}
