/** No file imports itself by way of others. */
import { importsOf } from './imports.ts';
import type { Rule } from './rule.ts';
import { isProduct, type Source, type Violation } from './source.ts';

export const cycles: Rule = {
  name: 'no import cycles',
  why: 'files in a ring can only be understood, and loaded, all at once',
  check(files) {
    const product = new Map(files.filter(({ path }) => isProduct(path)).map((file) => [file.path, file]));
    const finished = new Set<string>();
    return [...product.values()].flatMap((file) => cyclesFrom(file, product, [], finished));
  },
  keeps: [
    {
      'src/a.ts': `import './b.ts';\nimport './c.ts';`,
      'src/b.ts': `import './c.ts';`,
      'src/c.ts': '',
    },
  ],
  breaks: [
    {
      files: { 'src/a.ts': `import './b.ts';`, 'src/b.ts': `\nimport type { A } from './a.ts';` },
      at: ['src/b.ts:2'],
    },
    { files: { 'src/a.ts': `import './a.ts';` }, at: ['src/a.ts:1'] },
  ],
};

/** Depth first; the import that leads back onto the way is reported, with the way. */
function cyclesFrom(
  file: Source,
  product: ReadonlyMap<string, Source>,
  way: readonly string[],
  finished: Set<string>,
): Violation[] {
  if (finished.has(file.path)) return [];
  const here = [...way, file.path];
  const found = importsOf(file).flatMap(({ path, line }) => {
    const next = path === undefined ? undefined : product.get(path);
    if (!next) return [];
    const back = here.indexOf(next.path);
    if (back < 0) return cyclesFrom(next, product, here, finished);
    return [
      { path: file.path, line, message: `closes a cycle: ${[...here.slice(back), next.path].join(' → ')}` },
    ];
  });
  finished.add(file.path);
  return found;
}
