/**
 * What a file imports, type-only imports included: those that erase at run time still tie the files together.
 *
 * Bun's own parser (`scanImports`) drops types, so the statements are also found by pattern in the blanked code,
 * where neither a comment nor a string can look like one; the answer is the union.
 */
import { posix } from 'node:path';
import { lineAt, type Source } from './source.ts';

export interface Import {
  /** As written: `./key.ts`, `node:fs`, `zod`. */
  readonly specifier: string;
  /** The file it names, from the root of the repository; undefined for packages and built-ins. */
  readonly path: string | undefined;
  readonly line: number;
}

/** `import … from '`, `export … from '`, `import '`, `import('`, `require('`: up to the opening quote. */
const statement =
  /(?:\b(?:import|export)\b[^'"`;()=]*?\bfrom\s*|\bimport\s*|\b(?:import|require)\s*\(\s*)(?=['"])/g;

/** `new Worker(new URL('./worker.ts', import.meta.url))` and the like: a file that is started, not imported. */
const started = /\bnew\s+URL\s*\(\s*(?=['"])|\bimport\.meta\.resolve\s*\(\s*(?=['"])/g;

/** Two, because `<T>x` is a cast in one and an element in the other. */
const parsers = { ts: new Bun.Transpiler({ loader: 'ts' }), tsx: new Bun.Transpiler({ loader: 'tsx' }) };

export function importsOf(file: Source): Import[] {
  const found = new Map(specifiersAt(file, statement).map((entry) => [entry.specifier, entry]));
  const parser = parsers[file.path.endsWith('x') ? 'tsx' : 'ts'];
  for (const { path: specifier } of parser.scanImports(file.text)) {
    if (!found.has(specifier)) found.set(specifier, toImport(file, specifier, 1));
  }
  return [...found.values()];
}

/** Files that this one starts by their URL. */
export function startsOf(file: Source): Import[] {
  return specifiersAt(file, started).filter(({ specifier }) => specifier.startsWith('.'));
}

/** npm's name of a package, or undefined for a file or a built-in: `@scope/name/sub` → `@scope/name`. */
export function packageOf(specifier: string): string | undefined {
  if (/^[./]/.test(specifier) || /^(node|bun):/.test(specifier) || specifier === 'bun') return undefined;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

export function isBuiltIn(specifier: string): boolean {
  return /^(node|bun):/.test(specifier) || specifier === 'bun';
}

function specifiersAt(file: Source, pattern: RegExp): Import[] {
  return [...file.code.matchAll(pattern)].map((match) => {
    const quote = match.index + match[0].length;
    const end = file.code.indexOf(file.code[quote]!, quote + 1);
    return toImport(file, file.text.slice(quote + 1, end), lineAt(file.text, match.index));
  });
}

function toImport(file: Source, specifier: string, line: number): Import {
  const relative = specifier.startsWith('.');
  return { specifier, line, path: relative ? posix.join(posix.dirname(file.path), specifier) : undefined };
}
