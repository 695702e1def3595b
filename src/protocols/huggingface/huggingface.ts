/** Models, data sets and spaces of the Hugging Face Hub, and such as live here. See README.md. */
import type { Answer } from '../../entry.ts';
import type {
  Changing,
  Ecosystem,
  Item,
  Mirroring,
  Needed,
  Pulling,
  Read,
  Write,
} from '../registry/ecosystem.ts';
import type { VersionOrder } from '../registry/policy/order.ts';
import { filePath, infoPath, isCommit, readAddress, repoOfName, treePath } from './address.ts';
import { pullDocument } from './documents.ts';
import { pullFacts } from './facts.ts';
import { fieldsOf, pullCommitted, pullMove } from './files.ts';
import { askForeign, askPaths } from './foreign.ts';
import { hubForesight } from './foresight.ts';
import { guides } from './guides.ts';
import { receiveHere } from './hosted/receive.ts';
import { serveHere } from './hosted/serve.ts';
import { addressOf, fileItem, infoItem, listItem, searchItem, treeItem } from './items.ts';
import { contentsIn } from './json.ts';
import { readInfo, refuseRepo, type Sharing } from './repository.ts';
import { HubRefusal, hubError } from './words.ts';

/** Commits have no order that their names tell. */
const commits: VersionOrder = {
  isVersion: isCommit,
  compare: (a, b) => (a < b ? -1 : a > b ? 1 : 0),
  isPrerelease: () => false,
  canonical: (version) => version,
  basisOf: () => null,
};

export function huggingface(sharing: Sharing): Ecosystem {
  return {
    id: 'huggingface',
    title: 'Hugging Face',
    read,
    write,
    foreign: (authorization, path) => {
      const address = readAddress(path);
      if (!/^Bearer hf_(?!mrd_)/i.test(authorization) || 'why' in address) return null;
      return { as: 'pass', what: 'foreign', name: 'repo' in address ? address.repo.name : null };
    },
    pull: (item, at) => telling(() => pull(item, at, sharing)),
    serve: (item, at) => telling(() => serveHere(item, at)),
    receive: (what, at) => telling(() => receive(what, at, sharing)),
    error: (_status, message) => ({
      type: 'application/json',
      body: `${JSON.stringify({ error: message })}\n`,
    }),
    async facts(name, version, at) {
      const repo = repoOfName(name);
      const found = repo && (await readInfo(repo, version, at));
      if (found === null || 'refusal' in found) return null;
      const publishedMs = Date.parse(found.info.lastModified ?? '');
      return { publishedMs: Number.isNaN(publishedMs) ? null : publishedMs };
    },
    order: commits,
    advisories: null,
    canonical: (name) => name,
    guides,
    needs: ({ name, version }, at) => needs(name, version, at),
    foresee,
    foresight: hubForesight(),
    fieldsOf(item, { sha256, sizeBytes }) {
      const address = addressOf(item);
      return address.at === 'resolve' || address.at === 'raw'
        ? fieldsOf(address, { sha256, git: null, sizeBytes })
        : {};
    },
  };
}

/** UTF-16 units of a query. */
const longestQuery = 2_000;

function read(path: string, query: string): Read {
  const address = readAddress(path);
  if (address.at === 'malformed' || address.at === 'absent') return { as: address.at, why: address.why };
  if (query.length > longestQuery || !/^[\x21-\x7e]*$/.test(query))
    return {
      as: 'malformed',
      why: `The query is longer than ${longestQuery} characters, or holds such as it may not.`,
    };
  switch (address.at) {
    case 'info':
      return { as: 'item', item: infoItem(address.repo, address.rev, query) };
    case 'tree':
      return { as: 'item', item: treeItem(address.repo, address.rev, address.path, query) };
    case 'refs':
      return { as: 'item', item: listItem(address.repo, 'refs', query) };
    case 'commits':
      return {
        as: 'item',
        item: listItem(address.repo, `commits/${encodeURIComponent(address.rev)}`, query),
      };
    case 'resolve':
    case 'raw':
      return { as: 'item', item: fileItem(address) };
    case 'search':
      return { as: 'item', item: searchItem(address.type, query) };
    case 'whoami':
      return { as: 'pass', what: 'whoami', name: null };
    default:
      return { as: 'absent', why: 'There is nothing to be read at this address.' };
  }
}

/** The body says which repository is meant where the address does not. */
function write(method: string, path: string): Write | null {
  const address = readAddress(path);
  if (address.at === 'malformed') return { as: 'malformed', why: address.why };
  const isPost = method === 'POST';
  const asked = { as: 'change', what: address.at, bringsBlob: false } as const;
  switch (address.at) {
    case 'create-repo':
      return isPost ? { ...asked, action: 'publish', name: null, bringsBlob: true } : null;
    case 'delete-repo':
      return method === 'DELETE' ? { ...asked, action: 'delete', name: null } : null;
    case 'paths':
      return isPost ? { ...asked, action: 'read', name: address.repo.name } : null;
    case 'preupload':
    case 'batch':
      return isPost ? { ...asked, action: 'publish', name: address.repo.name } : null;
    case 'commit':
      return isPost ? { ...asked, action: 'publish', name: address.repo.name, bringsBlob: true } : null;
    case 'object':
      return method === 'PUT'
        ? { ...asked, action: 'publish', name: address.repo.name, bringsBlob: true, isSelfProven: true }
        : null;
    default:
      return null;
  }
}

async function pull(item: Item, at: Pulling, sharing: Sharing): Promise<Answer> {
  const address = addressOf(item);
  switch (address.at) {
    case 'resolve':
    case 'raw':
      if (item.kind === 'facts') return pullFacts(item, address.rev, at);
      if (item.kind === 'move') return pullMove(item, address, at, sharing);
      return pullCommitted(item, address, at, sharing);
    case 'malformed':
    case 'absent':
      return hubError(404, null, address.why);
    default: {
      const isOwnJudge = address.at === 'info' && !item.path.includes('?') && address.rev === null;
      const refusal = isOwnJudge ? null : await refuseRepo(item, at, sharing);
      if (refusal !== null) return refusal;
      return pullDocument(item, address, at, sharing);
    }
  }
}

async function receive(what: string, at: Changing, sharing: Sharing): Promise<Answer> {
  if (what === 'foreign') return askForeign(at);
  const address = readAddress(at.path);
  if (address.at === 'paths' && !at.registry.livesHere(address.repo.name))
    return askPaths(address, at, sharing);
  return receiveHere(address, at);
}

async function telling(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof HubRefusal) return thrown.answer;
    throw thrown;
  }
}

/** All files of a commit, and the documents by which clients find them. */
async function needs(name: string, version: string, at: Mirroring): Promise<readonly Needed[]> {
  const repo = repoOfName(name);
  if (repo === null) return [];
  const document = await at.read(`/${infoPath(repo, version)}`);
  if (document === null) return [];
  const said = contentsIn(document);
  if (said === null) return [];
  const { sha, files } = said;
  const documents = [infoPath(repo, null), infoPath(repo, version), infoPath(repo, sha)];
  return [
    ...new Set([...documents, `${treePath(repo, version, '')}?recursive=true&expand=false`]),
    ...files.map((file) => filePath('resolve', repo, sha, file)),
  ].map((path) => ({ path: `/${path}` }));
}

/** Small files that whoever loads a model reads first. */
const first = ['config.json', 'tokenizer_config.json', 'model.safetensors.index.json', 'tokenizer.json'];

function foresee(item: Item, body: Uint8Array): readonly Item[] {
  const address = addressOf(item);
  if (address.at !== 'info' || item.path.includes('?')) return [];
  const said = contentsIn(body);
  if (said === null) return [];
  const { sha, files } = said;
  const there = new Set(files);
  return first
    .filter((file) => there.has(file))
    .map((file) => fileItem({ at: 'resolve', repo: address.repo, rev: sha, file }));
}
