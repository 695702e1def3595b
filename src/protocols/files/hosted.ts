/** Files that live here: put, taken away, and listed. */
import type { Answer } from '../../entry.ts';
import { fromShasum, parseReprDigest } from '../../http/digest.ts';
import type { Sha256 } from '../../store.ts';
import { etagOf, ownAnswer } from '../registry/answers.ts';
import type { Changing, Item, Pulling } from '../registry/ecosystem.ts';
import { withBlob } from '../registry/hosted/blob.ts';
import { findFile } from '../registry/hosted/find.ts';
import { publish } from '../registry/hosted/publish.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { remove } from '../registry/hosted/remove.ts';
import { serveDocument, serveFile } from '../registry/hosted/serve.ts';
import { asHtml, asJson, entriesOf, nameOf, onlyVersion } from './listing.ts';
import { foldersOf, readPath, shown } from './path.ts';
import { typeOf } from './types.ts';

/** What clients may ask for beside a file, and what is kept with it so that it can be answered. */
const sums = { '.sha256': 'sha256', '.sha512': 'sha512', '.sha1': 'sha1', '.md5': 'md5' } as const;
const hashes = ['sha512', 'sha1', 'md5'] as const;

export const listTag = (folder: string) => `files-list:${folder}`;

export async function serveHere(item: Item, at: Pulling): Promise<Answer> {
  return item.kind === 'list' ? serveList(item, at) : serveOne(item, at);
}

async function serveOne({ path }: Item, at: Pulling): Promise<Answer> {
  const found = await findFile(at, path, nameOf(path), onlyVersion);
  if (found !== null) return serveFile(found, typeOf(path), at, { isMutable: true });
  const sum = Object.entries(sums).find(([end]) => path.endsWith(end));
  const named = sum && path.slice(0, -sum[0].length);
  const summed = named && (await findFile(at, named, nameOf(named), onlyVersion));
  const hex = sum && summed ? summed.hashes[sum[1]] : undefined;
  if (hex === undefined || !named) throw new Refusal(404, `There is no ${shown(path)}.`);
  const body = `${hex}  ${shown(nameOf(named))}\n`;
  return serveDocument({ name: named }, { body, type: 'text/plain; charset=utf-8' }, at);
}

async function serveList({ path, name, form }: Item, at: Pulling): Promise<Answer> {
  const { hosted } = at.registry;
  // Only what everybody may read is told of in a list that everybody may read, such as that of a folder above what lives here.
  const isForSome = name !== null && at.registry.isRestricted(name);
  const mayTell = (each: string) => isForSome || hosted?.isPublic(each) === true;
  const entries = await entriesOf(at, path, mayTell);
  if (entries === null) throw new Refusal(404, `There is no folder ${shown(path)}.`);
  const document =
    form === 'json'
      ? { body: asJson(entries), type: 'application/json' }
      : { body: asHtml(path, entries), type: 'text/html; charset=utf-8' };
  return serveDocument({ name }, { ...document, fields: { vary: 'accept' } }, at);
}

export async function receiveHere(what: string, at: Changing): Promise<Answer> {
  const read = readPath(at.path);
  if (read.kind !== 'file') throw new Refusal(400, 'A file has a path that does not end in a slash.');
  return what === 'delete' ? takeAway(read.path, at) : put(read.path, at);
}

async function put(path: string, at: Changing): Promise<Answer> {
  const { headers } = at.ask.exchange;
  if (headers.has('content-range')) throw new Refusal(400, 'A file is put as a whole (RFC 9110 §14.5).');
  const coding = headers.get('content-encoding') ?? 'identity';
  if (coding !== 'identity') throw new Refusal(415, 'A file is put as it is, without a Content-Encoding.');
  const name = nameOf(path);
  const before = await findFile(at, path, name, onlyVersion);
  const mayReplace = (there: Sha256 | null) => checkConditions(headers, there);
  mayReplace(before?.blob ?? null);
  const expect = expected(headers);
  return withBlob(at, at.ask.exchange.body(), { expect, hash: hashes }, async (held) => {
    const done = await publish(at, {
      ...{ name: path, version: onlyVersion, meta: {}, onExisting: 'replace' },
      files: [{ name, held, meta: {}, mayReplace }],
      outdates: [...foldersOf(path).map(listTag), `files-sums:${path}`],
    });
    const answer = ownAnswer(done.isNew ? 201 : 200, 'text/plain; charset=utf-8', `sha256:${held.sha256}\n`);
    answer.headers.set('etag', tagOf(held.sha256));
    return answer;
  });
}

/** RFC 9110 §13.1: whoever has seen another file than there is does not replace it. */
function checkConditions(headers: Headers, blob: Sha256 | null): void {
  const tag = blob === null ? null : tagOf(blob);
  const [match, noneMatch] = [headers.get('if-match'), headers.get('if-none-match')];
  if (match !== null && (tag === null || !(match === '*' || tagsIn(match).includes(tag))))
    throw new Refusal(412, 'The file is another one than the one that was to be replaced (If-Match).');
  if (noneMatch !== null && tag !== null && (noneMatch === '*' || tagsIn(noneMatch).includes(tag)))
    throw new Refusal(412, 'The file is there already (If-None-Match).');
}

/** As whoever reads it is told. */
function tagOf(blob: Sha256): string {
  const digest = fromShasum(blob);
  return digest === undefined ? `"${blob}"` : etagOf(digest);
}

function tagsIn(field: string): readonly string[] {
  return field.split(',').map((tag) => tag.trim());
}

/** What the client says of the bytes: `Repr-Digest` (RFC 9530), or as curl users and Artifactory's clients do. */
function expected(headers: Headers): Record<string, string> {
  const expect: Record<string, string> = {};
  const digest = parseReprDigest(headers.get('repr-digest') ?? headers.get('content-digest'));
  if (digest) expect[digest.algorithm] = Buffer.from(digest.value, 'base64').toString('hex');
  for (const name of ['sha512', 'sha256', 'sha1', 'md5']) {
    const said = headers.get(`x-checksum-${name}`);
    if (said === null) continue;
    if (!/^[0-9a-fA-F]+$/.test(said)) throw new Refusal(400, `X-Checksum-${name} is not hexadecimal.`);
    expect[name] = said.toLowerCase();
  }
  return expect;
}

async function takeAway(path: string, at: Changing): Promise<Answer> {
  await remove(at, {
    ...{ name: path, version: onlyVersion, file: nameOf(path), leavesNothing: true, action: 'delete' },
    outdates: [...foldersOf(path).map(listTag), `files-sums:${path}`],
  });
  return { status: 204, headers: new Headers({ 'cache-control': 'no-store' }), body: null };
}
