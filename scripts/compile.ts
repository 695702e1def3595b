/**
 * `npm run compile [-- <file>]`: all of Meridian and its runtime as one binary, `dist/meridian` unless said otherwise. It
 * needs nothing else on the machine it runs on but a C library like the one here, and takes the same commands.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { BunPlugin } from 'bun';
import { runtimeFlags } from '../bin/runtime.mjs';
import { buildConsole } from '../src/control/console/build.ts';

const root = resolve(import.meta.dir, '..');
const source = join(root, 'src');
const outfile = resolve(process.argv[2] ?? join(root, 'dist', 'meridian'));

const workers = [...new Bun.Glob('**/*.worker.ts').scanSync({ cwd: source, absolute: true })];

/** In a binary, a worker has the place that it has below `src/`, and is found by that alone. */
const workerPlaces: BunPlugin = {
  name: 'worker places',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await Bun.file(path).text();
      const contents = text.replace(
        /new Worker\(new URL\('([^']+\.worker\.ts)', import\.meta\.url\)/g,
        (_, worker) => `new Worker('./${relative(source, resolve(dirname(path), worker))}'`,
      );
      return { contents, loader: 'ts' };
    });
  },
};

/** A binary has no source files to make the web console of, so that is done here; and first, since one build cannot wait for another. */
const madeConsole = await buildConsole();
const consoleFiles: BunPlugin = {
  name: 'console files',
  setup(build) {
    build.onLoad({ filter: /control\/console\/built\.ts$/ }, () => ({
      contents: `export const built = ${JSON.stringify(madeConsole)};`,
      loader: 'ts',
    }));
  },
};

await mkdir(dirname(outfile), { recursive: true });
const { outputs } = await Bun.build({
  entrypoints: [join(source, 'cli', 'compiled.ts'), ...workers],
  root: source,
  minify: true,
  sourcemap: 'inline',
  plugins: [consoleFiles, workerPlaces],
  compile: {
    outfile,
    // What lies in the folder where a command is typed is not obeyed: `bin/runtime.mjs` says why.
    autoloadDotenv: false,
    autoloadBunfig: false,
    execArgv: runtimeFlags.filter((flag) => flag.startsWith('--max-')),
  },
});
const [binary] = outputs;
if (binary === undefined) throw new Error('nothing was built');
console.log(`${outfile}: ${Math.round(Bun.file(outfile).size / 2 ** 20)} MiB`);
