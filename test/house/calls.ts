/** Calls that product code does not make. The table of them, with the better ones, is in rules.ts. */
import type { Rule } from './rule.ts';
import { bannedCalls } from './rules.ts';
import { isProduct, violations } from './source.ts';

export const calls: Rule = {
  name: 'no banned call',
  why: 'each of these has a better one, which a test can control or an operator can see',
  check(files) {
    return files
      .filter(({ path }) => isProduct(path))
      .flatMap((file) =>
        bannedCalls
          .filter(({ except }) => !Object.keys(except).some((place) => covers(place, file.path)))
          .flatMap(({ named, call, instead }) => violations(file, call, `${named}: ${instead}`)),
      );
  },
  keeps: [
    {
      'src/cli/main.ts': `console.log(readFileSync('x')); process.exit(1);`,
      'src/clock.ts': `const now = () => Date.now();`,
      'src/cache/fill.ts': [
        `// Date.now() would be wrong here, console.log('x') too`,
        `const text = "eval(Math.random())"; const t = \`setTimeout(\${clock.now()})\`;`,
        `const first = await Promise.any(all); const seen = new Date(clock.now()); process.exitCode = 1;`,
        `const signal = AbortSignal.any([a, b]); const retrieval = evaluate(x); map.setTimeout(3);`,
        `type Row = { any: string }; const inSync = hash.update(x);`,
      ].join('\n'),
      'src/cache/fill.test.ts': `const started = Date.now();`,
      'bench/main.ts': `console.log(performance.now());`,
    },
  ],
  breaks: [
    { files: { 'src/cache/a.ts': `\n  console.error('x');` }, at: ['src/cache/a.ts:2'] },
    {
      files: { 'src/cache/a.ts': `new Function('a');\neval('1');` },
      at: ['src/cache/a.ts:1', 'src/cache/a.ts:2'],
    },
    { files: { 'src/cache/a.ts': `import { statSync } from 'node:fs';` }, at: ['src/cache/a.ts:1'] },
    {
      files: {
        'src/cache/a.ts': `const a = Date.now();\nconst b = new Date();\nsetTimeout(f, 1);\nlet n = performance.now;`,
      },
      at: ['src/cache/a.ts:1', 'src/cache/a.ts:2', 'src/cache/a.ts:3', 'src/cache/a.ts:4'],
    },
    { files: { 'src/cache/a.ts': 'const t = `${Date.now()}`;' }, at: ['src/cache/a.ts:1'] },
    { files: { 'src/ring/a.ts': `pick(Math.random());` }, at: ['src/ring/a.ts:1'] },
    { files: { 'src/node/a.ts': `process.exit(1);` }, at: ['src/node/a.ts:1'] },
    {
      files: { 'src/node/a.ts': `const a = b as any;\nfunction f(x: any) {}\nlet m: Map<string, any[]>;` },
      at: ['src/node/a.ts:1', 'src/node/a.ts:2', 'src/node/a.ts:3'],
    },
  ],
};

function covers(place: string, path: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) : path === place;
}
