/** What the console is made of, where that was done before: `scripts/compile.ts` puts it here for a binary. */
import type { ConsoleFile } from './build.ts';

export const built: readonly ConsoleFile[] | null = null;
