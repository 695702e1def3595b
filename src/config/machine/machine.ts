/** Where a machine's own settings are looked for; tests have another one. */
import { homedir } from 'node:os';
import type { Environment } from '../variables.ts';
import { ask, type Said } from './ask.ts';

export interface Machine {
  readonly env: Environment;
  /** Absolute path. */
  readonly home: string;
  /** `null`: no such program. */
  ask(program: string, ...args: string[]): Promise<Said | null>;
  /** `null`: no such file. */
  read(path: string): Promise<string | null>;
  /** Names in a folder, sorted; none where there is no such folder. */
  names(folder: string, pattern: string): Promise<readonly string[]>;
}

export const thisMachine: Machine = {
  env: process.env,
  home: homedir(),
  ask,
  async read(path) {
    const file = Bun.file(path);
    return (await file.exists()) ? file.text() : null;
  },
  async names(folder, pattern) {
    const found: string[] = [];
    try {
      for await (const name of new Bun.Glob(pattern).scan({ cwd: folder })) found.push(name);
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
    return found.sort();
  },
};

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
