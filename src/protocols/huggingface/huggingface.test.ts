import { expect, test } from 'bun:test';
import { repoNamed } from './address.ts';
import { huggingface } from './huggingface.ts';
import { infoItem } from './items.ts';

const made = huggingface({ gated: 'refuse' });
const commit = 'a'.repeat(40);
const files = ['README.md', 'config.json', 'sub/weights ü.bin', 'tokenizer.json'];
const document = Buffer.from(
  JSON.stringify({ id: 'acme/tiny', sha: commit, siblings: files.map((rfilename) => ({ rfilename })) }),
);

test('a mirror needs all files of a commit, and the documents by which they are found', async () => {
  const asked: string[] = [];
  const read = async (path: string) => {
    asked.push(path);
    return path === '/api/models/acme/tiny/revision/main' ? document : null;
  };
  const wanted = { name: 'acme/tiny', version: 'main', integrity: null };
  const needed = (await made.needs?.(wanted, { read }))?.map(({ path }) => path);
  expect(needed).toEqual([
    '/api/models/acme/tiny',
    '/api/models/acme/tiny/revision/main',
    `/api/models/acme/tiny/revision/${commit}`,
    '/api/models/acme/tiny/tree/main?recursive=true&expand=false',
    ...['README.md', 'config.json', 'sub/weights%20%C3%BC.bin', 'tokenizer.json'].map(
      (file) => `/acme/tiny/resolve/${commit}/${file}`,
    ),
  ]);
  expect(await made.needs?.({ ...wanted, version: 'none' }, { read })).toEqual([]);
  expect(await made.needs?.({ ...wanted, name: '../x' }, { read })).toEqual([]);
  expect(asked).toHaveLength(2);
});

test('what a model is loaded by is foreseen, and nothing large', () => {
  const info = infoItem(repoNamed('models', 'acme/tiny'), 'main');
  const paths = made.foresee?.(info, document).map(({ path }) => path);
  expect(paths).toEqual([
    `acme/tiny/resolve/${commit}/config.json`,
    `acme/tiny/resolve/${commit}/tokenizer.json`,
  ]);
  expect(made.foresee?.(info, Buffer.from('{}'))).toEqual([]);
});

test('a token of the Hub is one, and a token of this network that looks like one is none', () => {
  const path = '/acme/tiny/resolve/main/x';
  expect(made.foreign?.('Bearer hf_abc', path, '')).toEqual({
    as: 'pass',
    what: 'foreign',
    name: 'acme/tiny',
  });
  for (const other of ['Bearer hf_mrd_abc', 'Bearer mrd_abc', 'Basic aGZfYQ==', 'hf_abc'])
    expect([other, made.foreign?.(other, path, '')]).toEqual([other, null]);
});
