/** What clients of the Hub change: repositories come and go, files are uploaded, and committed. */
import { z } from 'zod';
import type { Answer } from '../../../entry.ts';
import { inOtherWords } from '../../../exchange.ts';
import type { Identity } from '../../../identity.ts';
import { ownAnswer } from '../../registry/answers.ts';
import type { Changing } from '../../registry/ecosystem.ts';
import { authorise, homeOf } from '../../registry/hosted/authorise.ts';
import { withBlob } from '../../registry/hosted/blob.ts';
import { findFile } from '../../registry/hosted/find.ts';
import { publish } from '../../registry/hosted/publish.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { remove } from '../../registry/hosted/remove.ts';
import { serveDocument } from '../../registry/hosted/serve.ts';
import { baseField } from '../../registry/name.ts';
import { shortName } from '../../short-name.ts';
import type { Address, ReadAddress, Repo, RepoType } from '../address.ts';
import { readAddress } from '../address.ts';
import { bodyOf } from '../foreign.ts';
import { jsonIn } from '../json.ts';
import { hubError } from '../words.ts';
import { addCommit, linesOf } from './commit.ts';
import { fileEntry, folderEntry, treeOf } from './serve.ts';
import { commitAt, objects, repositoryAt } from './snapshot.ts';
import { signed, whoMay } from './upload-link.ts';

/** Of what is no file. */
const longestRequest = 4 * 2 ** 20;
/** Of a commit with the files that it holds; longer files are uploaded by themselves. */
const longestCommit = 64 * 2 ** 20;
/** Longer files are uploaded by themselves. */
const longestInline = 2 ** 20;

export async function receiveHere(address: ReadAddress, at: Changing): Promise<Answer> {
  switch (address.at) {
    case 'whoami':
      return whoAmI(at);
    case 'create-repo':
      return createRepo(at);
    case 'delete-repo':
      return deleteRepo(at);
    case 'preupload':
      return preupload(at);
    case 'batch':
      return batch(address.repo, at);
    case 'object':
      return takeObject(address, at);
    case 'commit':
      return commit(address, at);
    case 'paths':
      return paths(address, at);
    default:
      return hubError(404, null, 'There is nothing to be changed at this address.', 0);
  }
}

function whoAmI({ ask: { exchange } }: Changing): Answer {
  if (exchange.identity?.token == null) return hubError(401, null, 'You are not logged in.', 0);
  const name = shortName(exchange);
  const accessToken = { displayName: exchange.identity.token, role: 'write' };
  return told({
    ...{ type: 'user', id: name, name, fullname: name, isPro: false, orgs: [] },
    auth: { type: 'access_token', accessToken },
  });
}

const wantedRepo = z.object({
  name: z.string(),
  organization: z.string().nullish(),
  type: z.enum(['model', 'dataset', 'space']).nullish(),
  files: z
    .array(z.object({ path: z.string(), content: z.string(), encoding: z.literal('base64').optional() }))
    .nullish(),
});

async function repoIn(at: Changing, mostBytes: number) {
  const wanted = asJson(wantedRepo, await bodyOf(at, mostBytes));
  const id = wanted.organization == null ? wanted.name : `${wanted.organization}/${wanted.name}`;
  const type: RepoType = `${wanted.type ?? 'model'}s`;
  const address = readAddress(`/api/${type}/${id.split('/').map(encodeURIComponent).join('/')}`);
  if (address.at !== 'info' || address.rev !== null)
    throw new Refusal(400, 'This is no name of a repository.');
  return { repo: address.repo, files: wanted.files ?? [] };
}

async function createRepo(at: Changing): Promise<Answer> {
  const { repo, files } = await repoIn(at, longestCommit);
  authorise(at, 'publish', repo.name);
  homeOf(at, repo.name);
  const url = `${baseOf(at)}/${repo.name}`;
  const body = { url, id: repo.id, name: repo.id };
  if ((await repositoryAt(repo, at)) !== null)
    return told({ ...body, error: `You already created this ${repo.type.slice(0, -1)} repo` }, 409);
  const lines = [
    { key: 'header', value: { summary: 'initial commit' } },
    ...files.map((value) => ({ key: 'file', value })),
  ];
  const said = linesOf(Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n')));
  await addCommit(repo, null, said, at);
  return told(body);
}

async function deleteRepo(at: Changing): Promise<Answer> {
  const { repo } = await repoIn(at, longestRequest);
  authorise(at, 'delete', repo.name);
  await remove(at, { name: repo.name, version: null, file: null, leavesNothing: true, action: 'delete' });
  return told({});
}

const files = z.object({ files: z.array(z.object({ path: z.string(), size: z.number() })).max(10_000) });

async function preupload(at: Changing): Promise<Answer> {
  const wanted = asJson(files, await bodyOf(at, longestRequest * 4));
  return told({
    files: wanted.files.map(({ path, size }) => ({
      ...{ path, uploadMode: size > longestInline ? 'lfs' : 'regular', shouldIgnore: false },
    })),
  });
}

const wantedObjects = z.object({
  operation: z.literal('upload'),
  objects: z
    .array(z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.number().int().nonnegative() }))
    .max(1_000),
});

/** Git LFS: says `basic`, so that nobody uploads by Xet or in parts. */
async function batch(repo: Repo, at: Changing): Promise<Answer> {
  authorise(at, 'publish', repo.name);
  const home = homeOf(at, repo.name);
  const wanted = asJson(wantedObjects, await bodyOf(at, longestRequest));
  const by = at.ask.exchange.identity?.name ?? 'anonymous';
  const answered: object[] = [];
  for (const { oid, size } of wanted.objects) {
    const error = { code: 413, message: `A file may have ${home.maxFileBytes} bytes.` };
    const isThere = (await findFile(at, repo.name, oid, objects)) !== null;
    const query = await signed({ name: repo.name, oid, by }, at);
    const href = `${baseOf(at)}/${repo.name}.git/info/lfs/objects/${oid}${query}`;
    if (size > home.maxFileBytes) answered.push({ oid, size, error });
    else
      answered.push({ oid, size, authenticated: true, ...(!isThere && { actions: { upload: { href } } }) });
  }
  return told(
    { transfer: 'basic', hash_algo: 'sha256', objects: answered },
    200,
    'application/vnd.git-lfs+json',
  );
}

/** Kept from now on, so that a commit may name it. */
async function takeObject({ repo, oid }: Extract<Address, { at: 'object' }>, at: Changing): Promise<Answer> {
  const by = await whoMay({ name: repo.name, oid }, at.query, at);
  const { route } = at.registry;
  const identity: Identity = {
    name: by,
    token: 'upload',
    may: (deed) => deed.action === 'publish' && deed.route === route && deed.subject === repo.name,
  };
  const ask = { ...at.ask, exchange: inOtherWords(at.ask.exchange, { identity }) };
  const own = { ...at, ask };
  if ((await repositoryAt(repo, own)) === null)
    return hubError(404, 'RepoNotFound', `There is no ${repo.name}.`, 0);
  return withBlob(own, at.ask.exchange.body(), { expect: { sha256: oid } }, async (held) => {
    const files = [{ name: oid, held }];
    await publish(own, { name: repo.name, version: objects, files, meta: {}, onExisting: 'add' });
    const answer = told({});
    answer.headers.set('etag', `"${oid}"`);
    return answer;
  });
}

async function commit({ repo, rev }: Extract<Address, { at: 'commit' }>, at: Changing): Promise<Answer> {
  authorise(at, 'publish', repo.name);
  if (rev !== 'main') throw new Refusal(400, 'Repositories that live here have one branch: main.');
  if (/[?&]create_pr=(?:1|true)/.test(at.query))
    throw new Refusal(400, 'Repositories that live here have no pull requests.');
  const hosted = await repositoryAt(repo, at);
  if (hosted === null) return hubError(404, 'RepoNotFound', `There is no ${repo.name}.`, 0);
  const parent = await commitAt(repo, 'main', hosted, at);
  const commitOid = await addCommit(repo, parent, linesOf(await bodyOf(at, longestCommit)), at);
  const commitUrl = `${baseOf(at)}/${repo.name}/commit/${commitOid}`;
  return told({ success: true, commitOid, commitUrl, hookOutput: '' });
}

const wantedPaths = z.object({ paths: z.union([z.string(), z.array(z.string()).max(1_000)]) });

async function paths({ repo, rev }: Extract<Address, { at: 'paths' }>, at: Changing): Promise<Answer> {
  const text = await bodyOf(at, longestRequest);
  const isForm = at.ask.exchange.headers.get('content-type')?.includes('form-urlencoded') === true;
  const form = { paths: new URLSearchParams(Buffer.from(text).toString('utf8')).getAll('paths') };
  const wanted = isForm ? wantedPaths.parse(form) : asJson(wantedPaths, text);
  const hosted = await repositoryAt(repo, at);
  if (hosted === null) return hubError(404, 'RepoNotFound', `There is no ${repo.name}.`, 0);
  const found = await commitAt(repo, rev, hosted, at);
  if (found === null) return hubError(404, 'RevisionNotFound', `${repo.name} has no revision ${rev}.`, 0);
  const entries = [wanted.paths].flat().flatMap((path) => {
    const entry = found.entries.find((each) => each.path === path);
    if (entry !== undefined) return [fileEntry(entry)];
    return treeOf(found, path, false) === null || path === '' ? [] : [folderEntry(path)];
  });
  const answer = serveDocument(
    { name: repo.name },
    { body: JSON.stringify(entries), type: 'application/json' },
    at,
  );
  answer.headers.set('cache-control', 'no-store');
  return answer;
}

/** Where the client reaches the route, by the word of the PoP. */
function baseOf({ ask: { exchange }, registry: { prefix } }: Changing): string {
  return exchange.headers.get(baseField) ?? exchange.base + prefix;
}

function asJson<Shape extends z.ZodType>(shape: Shape, bytes: Uint8Array): z.output<Shape> {
  return jsonIn(shape, bytes, (cause) => new Refusal(400, 'What was sent cannot be read.', { cause }));
}

function told(body: object, status = 200, type = 'application/json'): Answer {
  return ownAnswer(status, type, JSON.stringify(body));
}
