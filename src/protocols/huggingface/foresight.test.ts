import { describe, expect, test } from 'bun:test';
import { grow } from '../../../test/support/tree.ts';
import type { Doing } from '../../foresight.ts';
import type { Item } from '../registry/ecosystem.ts';
import { repoNamed } from './address.ts';
import { hubForesight } from './foresight.ts';
import { fileItem, infoItem, treeItem } from './items.ts';

const fresh: Doing = { asked: () => 0 };
const sha = 'a'.repeat(40);
const repo = repoNamed('models', 'acme/tiny');
const agents = {
  python: 'unknown/None; hf_hub/0.34.0; python/3.11.2',
  transformers: 'transformers/4.55.0; python/3.11.2; hf_hub/0.34.0; file_type/config',
  browser: 'node',
};
const sizes: Readonly<Record<string, number>> = {
  'README.md': 10,
  'config.json': 20,
  'model-00001-of-00003.safetensors': 5e9,
  'model-00002-of-00003.safetensors': 4e9,
  'model-00003-of-00003.safetensors': 3e9,
  'tokenizer.json': 1e6,
};
const documents: Readonly<Record<string, unknown>> = {
  'api/models/acme/tiny/revision/main': {
    sha,
    siblings: Object.keys(sizes).map((rfilename) => ({ rfilename })),
  },
  'api/models/acme/tiny/revision/main?expand=sha': { sha },
  [`api/models/acme/tiny/tree/${sha}?recursive=true&expand=false`]: [
    { type: 'directory', path: 'sub' },
    ...Object.entries(sizes).map(([path, size]) => ({ type: 'file', path, size })),
  ],
};
const file = (name: string, rev = sha) => fileItem({ at: 'resolve', repo, rev, file: name });
const begins = (item: Item, userAgent: string) =>
  hubForesight().begins(item, new Headers({ 'user-agent': userAgent }), fresh);

async function foreseen(item: Item, userAgent: string) {
  const beginning = begins(item, userAgent);
  if (beginning === null) throw new Error('nothing begins');
  return grow(hubForesight(), beginning, (path) => {
    const document = documents[path];
    return document === undefined ? null : JSON.stringify(document);
  });
}

describe('what is foreseen', () => {
  test('of a snapshot: all files, of which long ones are unlikely', async () => {
    const python = await foreseen(infoItem(repo, 'main'), agents.python);
    expect(python.paths).toEqual(Object.keys(sizes).map((name) => file(name).path));
    for (const [name, size] of Object.entries(sizes))
      expect([name, (python.likelihoods[file(name).path] ?? 0) > 0.5]).toEqual([name, size < 2e6]);
  });

  test('of a question for the commit alone: the list of files first', async () => {
    const { paths } = await foreseen(infoItem(repo, 'main', '?expand=sha'), agents.browser);
    expect(paths[0]).toBe(`api/models/acme/tiny/tree/${sha}?recursive=true&expand=false`);
    expect(paths).toHaveLength(7);
  });

  test('of a list: what is in it', async () => {
    const { paths } = await foreseen(treeItem(repo, sha, '', '?recursive=true&expand=false'), agents.browser);
    expect(paths).toEqual(Object.keys(sizes).map((name) => file(name).path));
  });

  test('of one of several files of weights: the next ones, as long as they are', async () => {
    const at = (number: number) => file(`model-0000${number}-of-00003.safetensors`);
    expect((await foreseen(at(1), agents.browser)).paths).toEqual([at(2).path, at(3).path]);
    expect((await foreseen(at(2), agents.browser)).paths).toEqual([at(3).path]);
    expect(begins(at(3), agents.browser)).toBeNull();
    // Nobody says how long they are.
    expect((await foreseen(file('other-00001-of-00003.bin'), agents.browser)).paths).toEqual([]);
  });

  test('of a configuration that transformers reads: the other small files that there are, where they are and what they hold', async () => {
    const { paths } = await foreseen(file('config.json', 'main'), agents.transformers);
    expect(paths).toEqual([
      ...[file('config.json', 'main').path, file('config.json').path],
      ...[file('tokenizer.json', 'main').path, file('tokenizer.json').path],
    ]);
  });
});

test('what others look at begins nothing', () => {
  expect(begins(file('config.json'), agents.browser)).toBeNull();
  expect(begins(file('README.md'), agents.python)).toBeNull();
  expect(begins(infoItem(repo, 'main'), agents.transformers)).toBeNull();
  expect(begins(infoItem(repo, 'main'), agents.browser)).toBeNull();
  expect(begins(treeItem(repo, sha, '', ''), agents.python)).toBeNull();
});
