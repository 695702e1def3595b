/**
 * The configurations that the documentation shows, as files that can be run: each block of a Markdown file that
 * is fenced as
 *
 *     ```ts meridian.config.ts
 *
 * and each `meridian.config.ts` below examples/ and deploy/.
 */
import type { Source } from './source.ts';

export interface ShownConfig {
  /** Where it stands, as `path:line` of its first line. */
  readonly place: string;
  readonly text: string;
  /** The file itself, from the root of the repository, or undefined for a block that has to be written to one. */
  readonly path: string | undefined;
}

const fenced = /^( *)```ts meridian\.config\.ts\s*\n([\s\S]*?)^ *```\s*$/gm;

export function shownConfigs(files: readonly Source[]): ShownConfig[] {
  return files.flatMap(({ path, text }): ShownConfig[] => {
    if (/^(?:examples|deploy)\/(?:.*\/)?meridian\.config\.ts$/.test(path))
      return [{ place: `${path}:1`, text, path }];
    if (path !== 'README.md' && !/^docs\/.*\.md$/.test(path)) return [];
    return [...text.matchAll(fenced)].map((match) => ({
      place: `${path}:${text.slice(0, match.index).split('\n').length + 1}`,
      text: match[2]!.replaceAll(new RegExp(`^${match[1]}`, 'gm'), ''),
      path: undefined,
    }));
  });
}
