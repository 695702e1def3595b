/** Every file is reached from an entry point, and every exported value is used by another file. */
import { importsOf, startsOf } from './imports.ts';
import type { Rule } from './rule.ts';
import { browserFolders, entryPoints } from './rules.ts';
import { isCode, isProduct, lineAt, type Source, type Violation } from './source.ts';

export const deadFiles: Rule = {
  name: 'no dead files',
  why: 'code that nothing runs is read, kept and trusted for nothing',
  check(files) {
    const byPath = new Map(files.map((file) => [file.path, file]));
    if (!hasStart(files)) return [];
    const reached = new Set<string>();
    const queue: string[] = [...entryPoints];
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      const file = byPath.get(path);
      if (!file || reached.has(path)) continue;
      reached.add(path);
      if (isCode(path))
        queue.push(...[...importsOf(file), ...startsOf(file)].flatMap(({ path: next }) => next ?? []));
    }
    return files
      .filter(({ path }) => isProduct(path) && !isBrowser(path) && !reached.has(path))
      .map(({ path }) => ({ path, line: 1, message: `is not reached from ${entryPoints.join(', ')}` }));
  },
  keeps: [
    {
      'src/cli/main.ts': `import('../node/pop.ts');\nnew Worker(new URL('./worker.ts', import.meta.url));`,
      'src/cli/worker.ts': `import type { Entry } from '../entry.ts';`,
      'src/node/pop.ts': '',
      'src/node/pop.test.ts': '',
      'src/bus/bus.contract.ts': '',
      'src/entry.ts': '',
      'src/console/app.ts': '',
    },
    { 'src/early.ts': '' },
  ],
  breaks: [
    {
      files: { 'src/cli/main.ts': '// ../old.ts', 'src/old.ts': '', 'src/old.test.ts': `import './old.ts';` },
      at: ['src/old.ts:1'],
    },
  ],
};

export const unusedExports: Rule = {
  name: 'no exported value that only its own file uses',
  why: 'an export is a promise to the rest of the code, and makes a file longer to read',
  check(files) {
    if (!hasStart(files)) return [];
    const code = files.filter(({ path }) => isCode(path));
    const words = new Map(code.map(({ path, code }) => [path, new Set(code.match(/[\w$]+/g))]));
    const isUsed = (name: string, home: string) =>
      code.some(({ path }) => path !== home && words.get(path)!.has(name));
    return code
      .filter(({ path }) => isProduct(path) && path.split('/').length > 2 && !isBrowser(path))
      .flatMap((file) => exportedValues(file).filter(({ message: name }) => !isUsed(name, file.path)))
      .map((unused) => ({
        ...unused,
        message: `nothing else uses ${unused.message}: drop the \`export\`, or all of it`,
      }));
  },
  keeps: [
    {
      'src/cache/key.ts': `export function key() {}\nexport interface KeyOptions {}\nconst inner = 1;`,
      'src/cache/fill.ts': `import { key } from './key.ts';\nkey();`,
      'src/clock.ts': `export const systemClock = {};`,
    },
  ],
  breaks: [
    {
      files: {
        'src/cache/key.ts': `export function key() {}\nexport const limit = 1;\nkey(limit);`,
        'src/cache/fill.ts': `// limit\nimport { key } from './key.ts';`,
        'src/cli/main.ts': '',
      },
      at: ['src/cache/key.ts:2'],
    },
  ],
};

function exportedValues(file: Source): Violation[] {
  const declaration =
    /\bexport\s+(?:async\s+)?(?:const|let|class|abstract\s+class|function\s*\*?)\s+([\w$]+)/g;
  return [...file.code.matchAll(declaration)].map((match) => ({
    path: file.path,
    line: lineAt(file.text, match.index),
    message: match[1]!,
  }));
}

/** Before there is a command to start, everything would be dead. */
function hasStart(files: readonly Source[]): boolean {
  return files.some(({ path }) => path === entryPoints[0]);
}

function isBrowser(path: string): boolean {
  return browserFolders.some((folder) => path.startsWith(folder));
}
