#!/usr/bin/env node
/**
 * `meridian`, as the shell sees it: a few lines of plain Node that find the pinned Bun and hand over to
 * `src/cli/main.ts`. Everything that Meridian does happens there.
 */
import { join } from 'node:path';
import { become } from './become.mjs';
import { orExplain } from './cannot-start.mjs';
import { installDependencies, root } from './dependencies.mjs';
import { findBun, runtimeEnv, runtimeFlags } from './runtime.mjs';

await orExplain(async () => {
  installDependencies({ dev: false });
  const program = join(root, 'src', 'cli', 'main.ts');
  await become(findBun(), [...runtimeFlags, program, ...process.argv.slice(2)], { env: runtimeEnv() });
});
