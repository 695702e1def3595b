/** Files and folders are named after what they hold. */
import type { Rule } from './rule.ts';
import { emptyNames } from './rules.ts';

export const names: Rule = {
  name: `no file or folder in src/ is named ${emptyNames.join(', ')}`,
  why: 'such a name fits everything, so everything ends up there',
  check(files) {
    return files
      .filter(({ path }) => path.startsWith('src/'))
      .flatMap(({ path }) => {
        const empty = path
          .split(/[/.-]/)
          .find((word) => emptyNames.some((name) => name === word.toLowerCase()));
        return empty
          ? [{ path, line: 1, message: `"${empty}" says nothing: name the one thing that it holds` }]
          : [];
      });
  },
  keeps: [{ 'src/cache/key.ts': '', 'src/http/library.ts': '', 'test/lib/x.ts': '', 'src/commons.ts': '' }],
  breaks: [
    { files: { 'src/utils.ts': '' }, at: ['src/utils.ts:1'] },
    { files: { 'src/http/lib/date.ts': '' }, at: ['src/http/lib/date.ts:1'] },
    { files: { 'src/cache/fill-manager.ts': '' }, at: ['src/cache/fill-manager.ts:1'] },
    { files: { 'src/cache/Helpers/a.sql': '' }, at: ['src/cache/Helpers/a.sql:1'] },
  ],
};
