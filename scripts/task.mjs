/**
 * The project's own tasks, behind `npm test`, `npm run check` and the like:
 *
 *     node scripts/task.mjs <task> [arguments]
 *
 * A task is one or more steps, run one after the other even where an earlier one fails, so that one run shows
 * everything that is wrong. Arguments go to the last step. The dependencies are installed first if they are
 * not there, so that every task works in a fresh clone.
 */
import { join } from 'node:path';
import { become } from '../bin/become.mjs';
import { CannotStart, orExplain } from '../bin/cannot-start.mjs';
import { installDependencies, root } from '../bin/dependencies.mjs';
import { findBun, runtimeEnv, runtimeFlags } from '../bin/runtime.mjs';

/** Long enough for a test that starts real servers and clients on a busy machine, short enough to notice a hang. */
const TEST_TIMEOUT_MS = 30_000;

/** @typedef {readonly [program: string, ...args: string[]]} Step */

/** @type {(...args: string[]) => () => Step} */
const bun =
  (...args) =>
  () => [findBun(), ...runtimeFlags, ...args];

/** A program of a dependency. Run by its path: without node_modules there was no PATH to find it by. */
/** @type {(script: string, ...args: string[]) => () => Step} */
const node =
  (script, ...args) =>
  () => [process.execPath, join(root, 'node_modules', script), ...args];

const types = node('typescript/bin/tsc', '--noEmit');
const consoleTypes = node('typescript/bin/tsc', '--noEmit', '--project', 'src/console');
const lint = node('@biomejs/biome/bin/biome', 'check', '--error-on-warnings');

/** @type {Record<string, readonly (() => Step)[]>} */
const tasks = {
  test: [bun('test', `--timeout=${TEST_TIMEOUT_MS}`)],
  types: [types, consoleTypes],
  lint: [lint],
  check: [types, consoleTypes, lint],
  format: [node('@biomejs/biome/bin/biome', 'check', '--write')],
  bench: [bun('bench/main.ts')],
  conformance: [bun('test/conformance/main.ts')],
  compile: [bun('scripts/compile.ts')],
};

const [name = '', ...args] = process.argv.slice(2);

await orExplain(async () => {
  const steps = tasks[name];
  if (!steps) {
    throw new CannotStart(`There is no task "${name}". There are: ${Object.keys(tasks).join(', ')}.`);
  }
  installDependencies({ dev: true });

  let worst = 0;
  for (const [index, step] of steps.entries()) {
    const [program, ...given] = step();
    const last = index === steps.length - 1;
    await become(program, last ? [...given, ...args] : given, { cwd: root, env: runtimeEnv() });
    worst ||= Number(process.exitCode ?? 0);
  }
  process.exitCode = worst;
});
