/** The files of the repository: what git tracks, and what it would if it were added now. */
import { join } from 'node:path';
import { type Source, source } from './source.ts';

export const root = join(import.meta.dir, '..', '..');

export async function repository(): Promise<Source[]> {
  const read = (await paths()).map(async (path) => {
    const file = Bun.file(join(root, path));
    // Deleted but not yet committed, a link to a folder, or not text at all: nothing to read.
    const text = (await file.exists()) ? await file.text() : '\0';
    return text.includes('\0') ? [] : [source(path, text)];
  });
  return (await Promise.all(read)).flat();
}

async function paths(): Promise<string[]> {
  const git = Bun.spawn(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    stdout: 'pipe',
    stderr: 'ignore',
  });
  const listed = await new Response(git.stdout).text();
  if ((await git.exited) === 0) return [...new Set(listed.split('\0').filter(Boolean))].sort();
  // Not a git checkout, but an archive of one: everything that is not hidden or installed.
  const all = await Array.fromAsync(new Bun.Glob('**/*').scan({ cwd: root, dot: false }));
  return all.filter((path) => !path.includes('node_modules/')).sort();
}
