/**
 * How this very program starts another process of itself: from a checkout, Bun with a source file; as one compiled
 * binary (`npm run compile`), the binary with the name of the entry in its environment.
 */
import { fileURLToPath } from 'node:url';

/** Where a process may begin. */
export type EntryPoint = 'main' | 'evaluate';

/** Tells a compiled binary which entry is meant; `main` unless said. */
export const entryVariable = 'MERIDIAN_ENTRY';

const sources: Readonly<Record<EntryPoint, string>> = {
  main: '../cli/main.ts',
  evaluate: './evaluate.ts',
};

/** Bun keeps the files of a compiled binary under this path, which no other process sees. */
const isCompiled = import.meta.path.startsWith('/$bunfs/');

export interface Program {
  /** The words of a command line, up to the program's own. */
  readonly command: readonly string[];
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
}

export function programOf(entry: EntryPoint): Program {
  if (isCompiled) return { command: [process.execPath], env: { [entryVariable]: entry } };
  const source = fileURLToPath(new URL(sources[entry], import.meta.url));
  return { command: [process.execPath, ...process.execArgv, source], env: {} };
}
