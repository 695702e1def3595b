/**
 * What clients of the Hub ask for next. Whoever has a list of all files of a commit, or asks which commit a revision is, mostly fetches the files; whoever
 * loads a model begins with its configuration. Files of weights are too long to be fetched on a guess: one of several leads to the next few, as far as
 * it is known how long they are; and of all others it is said that they are unlikely.
 */
import { z } from 'zod';
import type { EcosystemForesight, Expanded, ForeseenItem, Item, Tree, Want } from '../registry/ecosystem.ts';
import { isCommit, type Repo, repoOfName } from './address.ts';
import { addressOf, fileItem, infoItem, treeItem } from './items.ts';
import { contentsIn } from './json.ts';

/** Longer files are weights and the like. */
const longestSmall = 16 * 2 ** 20;
/** Of those, what are fetched after one that was asked for. */
const shardsAhead = 4;
/** Of one list. */
const mostFiles = 1_000;

const likely = { list: 0.8, listed: 0.8, read: 0.7, shard: 0.9, weights: 0.2 } as const;

/** What transformers reads of a model before its weights, in this order. */
const first = [
  ...['config.json', 'generation_config.json', 'model.safetensors.index.json', 'tokenizer_config.json'],
  ...['tokenizer.json', 'vocab.json', 'merges.txt', 'special_tokens_map.json', 'chat_template.jinja'],
];

const entries = z.array(
  z.object({ type: z.string(), path: z.string(), size: z.number().int().nonnegative().optional() }),
);
/** What a client asks for to find out which commit a revision is. */
const commitShape = z.object({ sha: z.string().refine(isCommit) });

interface File {
  readonly file: string;
  readonly bytes: number;
}

export function hubForesight(): EcosystemForesight {
  return { begins, expand };
}

function begins(item: Item, headers: Headers): ReturnType<EcosystemForesight['begins']> {
  const address = addressOf(item);
  const userAgent = headers.get('user-agent') ?? '';
  const begun = (does: string, rev: string) =>
    item.name === null
      ? null
      : { wants: [{ name: item.name, range: rev, detail: item.path }], about: { does } };
  switch (address.at) {
    case 'info':
      return isSnapshot(item.path, userAgent) ? begun('snapshot', address.rev ?? 'main') : null;
    case 'tree':
      return address.path === '' && /[?&]recursive=true\b/i.test(item.path)
        ? begun('list', address.rev)
        : null;
    case 'resolve':
      if (isCommit(address.rev) && shardIn(address.file) !== null) return begun('shard', address.rev);
      return address.file === 'config.json' && userAgent.includes('transformers/')
        ? begun('load', address.rev)
        : null;
    default:
      return null;
  }
}

/** A snapshot begins with the commit that a revision is. Others who ask for that say what they do. */
function isSnapshot(path: string, userAgent: string): boolean {
  if (/[?&]expand=sha\b/.test(path)) return true;
  return (
    !path.includes('?') &&
    path.includes('/revision/') &&
    /\bhf_hub\//.test(userAgent) &&
    !userAgent.includes('transformers/')
  );
}

async function expand(want: Want, tree: Tree): Promise<Expanded> {
  const repo = repoOfName(want.name);
  const path = want.detail ?? '';
  if (repo === null) return nothing;
  switch (tree.about.does) {
    case 'snapshot':
      return { items: await snapshot(repo, want, path, tree), wants: [] };
    case 'list':
      return {
        items: itemsOf(repo, want.range, await listAt({ ...treeItem(repo, want.range, '', ''), path }, tree)),
        wants: [],
      };
    case 'shard':
      return { items: await shardsAfter(repo, want.range, path, tree), wants: [] };
    default:
      return { items: await load(repo, want.range, tree), wants: [] };
  }
}

const nothing: Expanded = { items: [], wants: [] };

async function snapshot(repo: Repo, { range }: Want, path: string, tree: Tree): Promise<ForeseenItem[]> {
  const bytes = await tree.read({ ...infoItem(repo, range), path });
  const { data } = commitShape.safeParse(bytes === null ? null : JSON.parse(new TextDecoder().decode(bytes)));
  if (data === undefined) return [];
  const list = listOf(repo, data.sha);
  const files = itemsOf(repo, data.sha, await listAt(list, tree));
  // Who asks for nothing but the commit asks for the list next; others have been told the files with it.
  return path.includes('?') ? [{ item: list, likelihood: likely.list }, ...files] : files;
}

const listOf = (repo: Repo, rev: string) => treeItem(repo, rev, '', '?recursive=true&expand=false');

async function listAt(item: Item, tree: Tree): Promise<readonly File[]> {
  const bytes = await tree.read(item);
  const { data = [] } = entries.safeParse(bytes === null ? [] : JSON.parse(new TextDecoder().decode(bytes)));
  return data
    .slice(0, mostFiles)
    .flatMap(({ type, path, size }) =>
      type === 'file' && size !== undefined ? [{ file: path, bytes: size }] : [],
    );
}

function itemsOf(repo: Repo, rev: string, files: readonly File[]): ForeseenItem[] {
  return files.map(({ file, bytes }) => ({
    item: fileItem({ at: 'resolve', repo, rev, file }),
    ...(isCommit(rev) && { bytes }),
    likelihood: bytes <= longestSmall ? likely.listed : likely.weights,
  }));
}

interface Shard {
  readonly before: string;
  readonly number: number;
  readonly of: string;
  readonly after: string;
}

/** `model-00001-of-00003.safetensors`. `null`: it is one alone, or the last. */
function shardIn(file: string): Shard | null {
  const [, before, number = '', of, after] = /^(.*-)(\d{5})(-of-\d{5})(\.[\w.]+)$/.exec(file) ?? [];
  if (before === undefined || of === undefined || after === undefined) return null;
  return number === of.slice('-of-'.length) ? null : { before, number: Number(number), of, after };
}

async function shardsAfter(repo: Repo, rev: string, path: string, tree: Tree): Promise<ForeseenItem[]> {
  const address = addressOf({ kind: 'file', name: repo.name, path });
  const shard = address.at === 'resolve' ? shardIn(address.file) : null;
  if (shard === null) return [];
  const sizes = new Map((await listAt(listOf(repo, rev), tree)).map(({ file, bytes }) => [file, bytes]));
  return Array.from({ length: shardsAhead }, (_, at) => {
    const number = String(shard.number + 1 + at).padStart(5, '0');
    return `${shard.before}${number}${shard.of}${shard.after}`;
  }).flatMap((file) => {
    const bytes = sizes.get(file);
    const item = fileItem({ at: 'resolve', repo, rev, file });
    return bytes === undefined ? [] : [{ item, bytes, likelihood: likely.shard }];
  });
}

/** By a revision that moves, each file is asked for twice: where it is, and what is there. */
async function load(repo: Repo, rev: string, tree: Tree): Promise<ForeseenItem[]> {
  const bytes = await tree.read(infoItem(repo, rev));
  const said = bytes === null ? null : contentsIn(bytes);
  if (said === null) return [];
  const there = new Set(said.files);
  return first
    .filter((file) => there.has(file))
    .flatMap((file) =>
      [...new Set([rev, said.sha])].map((at) => ({
        item: fileItem({ at: 'resolve', repo, rev: at, file }),
        likelihood: likely.read,
      })),
    );
}
