/** The compiled binary, built once for all tests of a file. */
import { join } from 'node:path';
import { findBun, runtimeFlags } from '../../bin/runtime.mjs';
import { ran } from './ran.ts';

/** Builds it as `npm run compile` does. Gives its path. */
export async function compiled(folder: string): Promise<string> {
  const binary = join(folder, 'meridian');
  await ran([findBun(), ...runtimeFlags, join(import.meta.dir, '../../scripts/compile.ts'), binary]);
  return binary;
}
