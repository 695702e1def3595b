/** Nothing in the repository says where it was made: no registry's host, no home folder. */
import type { Rule } from './rule.ts';
import { registryHosts } from './rules.ts';
import { lineAt } from './source.ts';

/** A path into a home folder, as it is pasted or recorded; `~/`, `$HOME/` and the paths of URLs are not meant. */
const homePath = /(?<![\w.~}-])(?:\/(?:home|Users)\/[\w.-]+\/|\/root\/|[A-Z]:\\Users\\)/g;
const host = new RegExp(registryHosts.map((name) => name.replaceAll('.', '\\.')).join('|'), 'gi');

export const places: Rule = {
  name: 'no registry’s host and no path of somebody’s machine in any file',
  why: 'the first belongs into a configuration, and both are wrong on every other machine',
  check(files) {
    return files.flatMap(({ path, text }) =>
      [...text.matchAll(host), ...text.matchAll(homePath)].map((match) => ({
        path,
        line: lineAt(text, match.index),
        message: `names ${match[0]}`,
      })),
    );
  },
  keeps: [
    { 'README.md': 'See https://example.org/home/team/x, `$HOME/root/a`, ~/root/ and registry.example.org.' },
    { 'src/a.ts': `const route = '/packages/root/';` },
  ],
  breaks: [
    {
      files: { 'package-lock.json': `\n"resolved": "https://${registryHosts[0]}/zod"` },
      at: ['package-lock.json:2'],
    },
    { files: { '.ci/run': registryHosts.at(-1)! }, at: ['.ci/run:1'] },
    { files: { 'docs/a.md': `cd /${'home'}/ada/meridian` }, at: ['docs/a.md:1'] },
    { files: { 'docs/a.md': `cd (/${'Users'}/ada/meridian)` }, at: ['docs/a.md:1'] },
    { files: { 'bench/a.json': `{"path": "/${'root'}/x"}` }, at: ['bench/a.json:1'] },
  ],
};
