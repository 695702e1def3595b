/** Imports go one way: down to the vocabulary, never sideways. */
import { type Import, importsOf, isBuiltIn, packageOf } from './imports.ts';
import type { Rule } from './rule.ts';
import { layers } from './rules.ts';
import { isProduct, type Source, type Violation } from './source.ts';

export const direction: Rule = {
  name: 'a folder imports the vocabulary, http/ and itself; only node/, control/ and cli/ import more',
  why: 'what knows nothing of its neighbours can be read, tested and replaced alone',
  check(files) {
    const product = files.filter((file) => isProduct(file.path));
    const vocabulary = product.filter((file) => isVocabulary(file.path) && !(file.path in layers.doors));
    const surplus = vocabulary.slice(layers.vocabularyFiles).map(({ path }) => ({
      path,
      line: 1,
      message: `the vocabulary has ${vocabulary.length} files, at most ${layers.vocabularyFiles} are allowed`,
    }));
    return [...surplus, ...product.flatMap(strayImports)];
  },
  keeps: [
    {
      'src/entry.ts': `import type { Resource } from './resource.ts';`,
      'src/resource.ts': '',
      'src/index.ts': `export { defineNetwork } from './config/network.ts';\nexport type { Entry } from './entry.ts';`,
      'src/http/vary.ts': `import { parseList } from 'structured-headers';\nimport { isIP } from 'node:net';`,
      'src/cache/fill.ts': `import { vary } from '../http/vary.ts';\nimport { key } from './disk/key.ts';`,
      'src/cache/disk/key.ts': `import type { Entry } from '../../entry.ts';`,
      'src/config/network.ts': `import { z } from 'zod';`,
      'src/protocols/npm/protocol.ts': `import { pattern } from '../pattern.ts';`,
      'src/protocols/all.ts': `import { npm } from './npm/protocol.ts';`,
      'src/protocols/pypi/a.ts': `import '../registry/file.ts';\nimport '../registry/hosted/record.ts';`,
      'src/node/pop.ts': `import { fill } from '../cache/fill.ts';\nimport '../ring/ring.ts';`,
      'src/cache/fill.test.ts': `import { memoryBus } from '../bus/memory.ts';`,
      'src/console/data/api.ts': `import type { Endpoint } from '../../access/api/endpoint.ts';`,
      'src/cache/notes.ts': `// import { x } from '../ring/ring.ts'\nconst text = "import x from '../ring/ring.ts'";`,
    },
  ],
  breaks: [
    { files: { 'src/cache/fill.ts': `import '../bus/memory.ts';` }, at: ['src/cache/fill.ts:1'] },
    {
      files: { 'src/cache/fill.ts': `\nimport type { Bus } from '../bus/memory.ts';` },
      at: ['src/cache/fill.ts:2'],
    },
    {
      files: { 'src/cache/fill.ts': `import { type Bus } from '../bus/memory.ts';` },
      at: ['src/cache/fill.ts:1'],
    },
    {
      files: { 'src/cache/fill.ts': `type Bus = import('../bus/memory.ts').Bus;` },
      at: ['src/cache/fill.ts:1'],
    },
    {
      files: { 'src/cache/fill.ts': `export type { Bus } from '../bus/memory.ts';` },
      at: ['src/cache/fill.ts:1'],
    },
    {
      files: { 'src/http/vary.ts': `const cache = await import('../cache/key.ts');` },
      at: ['src/http/vary.ts:1'],
    },
    { files: { 'src/http/vary.ts': `import { z } from 'zod';` }, at: ['src/http/vary.ts:1'] },
    { files: { 'src/entry.ts': `import type { Vary } from './http/vary.ts';` }, at: ['src/entry.ts:1'] },
    { files: { 'src/entry.ts': `import { open } from 'node:fs/promises';` }, at: ['src/entry.ts:1'] },
    { files: { 'src/index.ts': `export { fill } from './cache/fill.ts';` }, at: ['src/index.ts:1'] },
    { files: { 'src/protocols/npm/a.ts': `import '../oci/digest.ts';` }, at: ['src/protocols/npm/a.ts:1'] },
    {
      files: { 'src/protocols/registry/a.ts': `import '../pypi/name.ts';` },
      at: ['src/protocols/registry/a.ts:1'],
    },
    { files: { 'src/bus/nats/a.ts': `import '../registry/file.ts';` }, at: ['src/bus/nats/a.ts:1'] },
    {
      files: { 'src/console/data/api.ts': `import { endpoints } from '../../access/api/endpoints.ts';` },
      at: ['src/console/data/api.ts:1'],
    },
    { files: { 'src/node/pop.ts': `import '../../test/support/index.ts';` }, at: ['src/node/pop.ts:1'] },
    {
      files: Object.fromEntries([...'abcdefghijklmnopq'].map((letter) => [`src/${letter}.ts`, ''])),
      at: ['src/q.ts:1'],
    },
  ],
};

function strayImports(file: Source): Violation[] {
  return importsOf(file).flatMap((imported) => {
    if (isTypeFrom(file, imported)) return [];
    const message = objection(file.path, imported);
    return message ? [{ path: file.path, line: imported.line, message }] : [];
  });
}

function isTypeFrom({ path, text }: Source, imported: Import): boolean {
  const there = layers.typesFrom[path];
  if (there === undefined || !imported.path?.startsWith(there)) return false;
  return text.split('\n')[imported.line - 1]?.startsWith('import type ') ?? false;
}

function objection(from: string, { specifier, path }: Import): string | undefined {
  if (path === undefined) return objectionToPackage(from, specifier);
  if (path === 'package.json') return undefined;
  if (!path.startsWith('src/')) return `imports ${path}, which is not part of the product`;
  if (isVocabulary(path)) return undefined;
  const [here, there] = [folderOf(from), folderOf(path)];
  if (here === undefined) {
    return layers.doors[from]?.includes(there!) ? undefined : `is vocabulary, which may not import ${there}/`;
  }
  if (layers.wiring.some((folder) => folder === here)) return undefined;
  if (here === there) return objectionToSibling(from, path);
  return layers.everywhere.some((folder) => folder === there)
    ? undefined
    : `${here}/ may not import ${there}/: let node/ pass it in, as a type of the vocabulary`;
}

function objectionToPackage(from: string, specifier: string): string | undefined {
  if (isBuiltIn(specifier))
    return isVocabulary(from) ? `is vocabulary and does no I/O, but imports ${specifier}` : undefined;
  const allowed: readonly string[] = layers.packagesBelow;
  const isLow = isVocabulary(from) || folderOf(from) === 'http';
  return isLow && !allowed.includes(packageOf(specifier) ?? '')
    ? `may not import the package ${specifier}`
    : undefined;
}

function objectionToSibling(from: string, path: string): string | undefined {
  const [, folder, here, isDeeper] = from.split('/');
  const [, , there, isDeeperThere] = path.split('/');
  const apart = layers.siblingsApart.some((name) => name === folder) && isDeeper && isDeeperThere;
  const isShared = layers.siblingsShared.some((name) => name === `${folder}/${there}`);
  return apart && here !== there && !isShared
    ? `${folder}/${here}/ may not import ${folder}/${there}/`
    : undefined;
}

function isVocabulary(path: string): boolean {
  return /^src\/[^/]+\.ts$/.test(path);
}

function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}
