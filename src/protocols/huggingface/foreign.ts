/**
 * Requests that no cache may answer: such as show a token of the Hub, which are asked there with just that and told to nobody else, and such as ask by a
 * body.
 */
import type { Answer } from '../../entry.ts';
import { askForPart } from '../../http/conditional.ts';
import { chunksOf, discard } from '../bodies.ts';
import type { Changing, Pulling } from '../registry/ecosystem.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { baseField } from '../registry/name.ts';
import type { Source } from '../registry/sources.ts';
import { askUpstream, fetchWhole, passError } from '../registry/upstream.ts';
import { type Address, readAddress } from './address.ts';
import { nextPage, withCredential, withoutXet } from './documents.ts';
import { headOf } from './facts.ts';
import { fieldsOf, typeOf } from './files.ts';
import { listItem } from './items.ts';
import { refuseRepo, type Sharing } from './repository.ts';
import { hubError, refusalOf } from './words.ts';

const forOne = 'private, no-store';
/** Of what a client asks with. */
const longestBody = 2 ** 20;

export async function askForeign(at: Changing): Promise<Answer> {
  const answer = await asked(at);
  answer.headers.set('cache-control', forOne);
  return answer;
}

async function asked(at: Changing): Promise<Answer> {
  const address = readAddress(at.path);
  const { method, headers } = at.ask.exchange;
  const name = 'repo' in address ? address.repo.name : null;
  const [own] = at.registry.sources.of(name);
  if (own === undefined) return hubError(404, 'RepoNotFound', 'No upstream is asked for this.', 0);
  const source = withCredential(own, headers.get('authorization') ?? undefined);
  const isRead = method === 'GET' || method === 'HEAD';
  if (address.at === 'paths' && method === 'POST') return postPaths(source, at);
  if (!isRead)
    return hubError(
      405,
      null,
      'What does not live here is changed at the Hub itself, not through this route.',
      0,
    );
  if (address.at === 'resolve' || address.at === 'raw') return file(address, source, at);
  const path = at.path + at.query;
  const found = await fetchWhole(source, path, { accept: 'application/json' }, at);
  if (found.status !== 200) return refused({ ...found, body: null }, path, at);
  const base = headers.get(baseField);
  const next = base === null ? null : nextPage(found.headers.get('link'), source, base);
  const answer = json(withoutXet(found.bytes, { path }));
  if (next !== null) answer.headers.set('link', next);
  return answer;
}

async function file(
  address: Extract<Address, { at: 'resolve' | 'raw' }>,
  source: Source,
  at: Changing,
): Promise<Answer> {
  const { method, headers: given } = at.ask.exchange;
  const head = await headOf(source, at.path, at);
  if (!head.isThere) return refused(head.reply, at.path, at);
  const { commit, etag, sizeBytes } = head;
  const headers = new Headers({
    ...fieldsOf({ ...address, rev: commit ?? address.rev }, { sha256: etag, git: null, sizeBytes }),
    'content-type': typeOf(address.file),
    'accept-ranges': 'bytes',
  });
  if (etag !== null) headers.set('etag', `"${etag}"`);
  if (method === 'HEAD') {
    if (sizeBytes !== null) headers.set('content-length', String(sizeBytes));
    return { status: 200, headers, body: null };
  }
  const question = new Headers({ accept: '*/*' });
  const range = given.get('range');
  askForPart(question, range === null ? null : { range });
  const answer = await askUpstream(source, at.path, { headers: question }, at);
  if (answer.status !== 200 && answer.status !== 206 && answer.status !== 416)
    return refused(answer, at.path, at);
  for (const name of ['content-length', 'content-range', 'meridian-unframed']) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return { status: answer.status, headers, body: answer.body };
}

/** Which of some paths there are, and what they are. */
export async function askPaths(
  { repo }: Extract<Address, { at: 'paths' }>,
  at: Changing,
  sharing: Sharing,
): Promise<Answer> {
  const refusal = await refuseRepo(listItem(repo, 'paths', ''), at, sharing);
  if (refusal !== null) return refusal;
  const [source] = at.registry.sources.of(repo.name);
  return source === undefined
    ? hubError(404, 'RepoNotFound', `There is no ${repo.name}.`, 0)
    : postPaths(source, at);
}

async function postPaths(source: Source, at: Changing): Promise<Answer> {
  const type = at.ask.exchange.headers.get('content-type') ?? 'application/json';
  const headers = new Headers({ accept: 'application/json', 'content-type': type });
  const body = await bodyOf(at, longestBody);
  const answer = await askUpstream(source, at.path + at.query, { method: 'POST', headers, body }, at);
  if (answer.status !== 200) return refused(answer, at.path, at);
  return json(withoutXet(await whole(answer, at.registry.maxIndexBytes), at));
}

/** @throws a `Refusal`. */
export async function bodyOf(
  { ask }: Pick<Pulling, 'ask'>,
  mostBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return whole({ body: ask.exchange.body() }, mostBytes);
}

async function whole({ body }: Pick<Answer, 'body'>, mostBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(body)) {
    size += chunk.byteLength;
    if (size > mostBytes) throw new Refusal(413, `This is longer than ${mostBytes} bytes.`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks, size));
}

/** Who shows a token of his own is told that it is wrong. */
async function refused(answer: Answer, what: string, at: Changing): Promise<Answer> {
  const said = refusalOf(answer, what, { isAnonymous: false });
  if (said === null && answer.status !== 401) return passError(answer, what, at.registry);
  await discard(answer);
  return said ?? hubError(401, null, 'The Hub refuses this token.', 0);
}

function json(body: string): Answer {
  const bytes = new TextEncoder().encode(body);
  const headers = new Headers({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  headers.set('content-length', String(bytes.byteLength));
  return { status: 200, headers, body: bytes };
}
