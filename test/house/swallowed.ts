/** No error disappears without a word: a catch handles it, or says why it may not matter. */
import type { Rule } from './rule.ts';
import { isCode, lineAt, type Source, type Violation } from './source.ts';

export const swallowed: Rule = {
  name: 'no error is swallowed without saying why',
  why: 'the fault that nobody heard of is the one that is searched for at night',
  check: (files) => files.filter(({ path }) => isCode(path)).flatMap(silentCatches),
  keeps: [
    {
      'src/a.ts': [
        `try { f(); } catch { /* gone already: that is what we want */ }`,
        `try { f(); } catch {\n  // the peer has left; there is nobody to tell\n}`,
        `await close().catch(() => {}); // the socket is closed either way`,
        `// a failed warm-up only means a slower first request\nwarm().catch(() => {});`,
        `send().catch((error) => log(error));`,
        `try { f(); } catch { return undefined; }`,
      ].join('\n'),
    },
  ],
  breaks: [
    { files: { 'src/a.ts': `try { f(); } catch {}` }, at: ['src/a.ts:1'] },
    { files: { 'src/a.ts': `try { f(); } catch (error) {\n}` }, at: ['src/a.ts:1'] },
    { files: { 'bench/a.ts': `\nsend().catch(() => {});` }, at: ['bench/a.ts:2'] },
    {
      files: { 'src/a.ts': `send().catch((_) => undefined);\nsend().catch(noop);` },
      at: ['src/a.ts:1', 'src/a.ts:2'],
    },
  ],
};

const silent =
  /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}|\.catch\s*\(\s*(?:noop|(?:async\s*)?(?:\(\s*\w*\s*\)|\w+)\s*=>\s*(?:\{\s*\}|undefined|null))\s*\)/g;

function silentCatches(file: Source): Violation[] {
  return [...file.code.matchAll(silent)]
    .filter((match) => !isExplained(file.text, match.index, match.index + match[0].length))
    .map((match) => ({
      path: file.path,
      line: lineAt(file.text, match.index),
      message: 'handle the error, or say in a comment why it may not matter',
    }));
}

/** Whether a comment stands inside, behind, or on the line above. */
function isExplained(text: string, from: number, to: number): boolean {
  const lineStart = text.lastIndexOf('\n', from - 1) + 1;
  const above = text.slice(text.lastIndexOf('\n', lineStart - 2) + 1, lineStart);
  const lineEnd = text.indexOf('\n', to);
  const around = text.slice(from, lineEnd < 0 ? text.length : lineEnd);
  return /\/\/|\/\*/.test(around) || /^\s*(?:\/\/|\/?\*)/.test(above);
}
