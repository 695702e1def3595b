/**
 * The way of a hit is synchronous and allocates next to nothing. What is not for hits but lives in the same file
 * (a fill, a refusal) says so directly above the function: `// off the hit path: <reason>`.
 */
import { type FunctionSpan, functionsOf } from './functions.ts';
import type { Rule } from './rule.ts';
import { hitPath } from './rules.ts';
import { type Source, type Violation, violations } from './source.ts';

const costly: readonly { readonly pattern: RegExp; readonly message: string }[] = [
  { pattern: /\basync\b/, message: 'async: a promise for every hit' },
  { pattern: /\bawait\b/, message: 'await: a turn of the event loop for every hit' },
  { pattern: /\bnew\s+URL\b/, message: 'new URL: the exchange has the parts, parsed once' },
  { pattern: /\bnew\s+Headers\b/, message: 'new Headers: build them when the entry is stored' },
  { pattern: /\.\.\./, message: 'spread: copies an array or object for every hit' },
];

const [samplePath] = hitPath;

export const hitPathIsBare: Rule = {
  name: 'on the hit path no async, await, new URL, new Headers, spread',
  why: 'a hit answers from memory in some ten microseconds, and each of these costs one of them',
  check(files) {
    return files.filter(({ path }) => hitPath.some((on) => on === path)).flatMap(costlyCode);
  },
  keeps: [
    {
      [samplePath]: [
        `/** Never async, no await. */\nexport function serve(request: Request) { return reply(request); }`,
        `// off the hit path: a miss waits for the parent anyway`,
        `async function fill(url: string) { const h = { ...a }; await fetch(new URL(url)); }`,
        `/**\n * Refuses.\n * off the hit path: runs once per refusal\n */`,
        `export function refuse(): Response {\n  return new Response('', { headers: new Headers() });\n}`,
      ].join('\n'),
      'src/node/shield.ts': `export async function serve() {}`,
    },
  ],
  breaks: [
    {
      files: { [samplePath]: `export async function serve() {\n  await x;\n}` },
      at: [`${samplePath}:1`, `${samplePath}:2`],
    },
    { files: { [samplePath]: `\nconst url = new URL(x);` }, at: [`${samplePath}:2`] },
    {
      files: { [samplePath]: `const a = [...b];\nconst c = { ...d };` },
      at: [`${samplePath}:1`, `${samplePath}:2`],
    },
    { files: { [samplePath]: `function f() { return new Headers(); }` }, at: [`${samplePath}:1`] },
    // Without a reason, or not directly above, the mark does not count.
    { files: { [samplePath]: `// off the hit path:\nasync function f() {}` }, at: [`${samplePath}:2`] },
    {
      files: { [samplePath]: `// off the hit path: why\n\nlet a;\nasync function f() {}` },
      at: [`${samplePath}:4`],
    },
  ],
};

function costlyCode(file: Source): Violation[] {
  const off = functionsOf(file).filter((span) => isMarkedOff(file, span));
  return costly
    .flatMap(({ pattern, message }) => violations(file, pattern, message))
    .filter(({ line }) => !off.some((span) => span.firstLine <= line && line <= span.lastLine))
    .sort((a, b) => a.line - b.line);
}

/** Whether the comment that ends on the line above the function bears the mark. */
function isMarkedOff(file: Source, span: FunctionSpan): boolean {
  const above = file.text.split('\n').slice(0, span.firstLine - 1);
  for (let line = above.pop()?.trim(); line && /^(?:\/\/|\/?\*)/.test(line); line = above.pop()?.trim()) {
    if (/off the hit path: \S/.test(line)) return true;
  }
  return false;
}
