/**
 * The web console's own files, made of `src/console/` by Bun's bundler: once, when the first browser asks for them. A compiled
 * binary has them in it (`built.ts`).
 */
import { basename, extname, join } from 'node:path';

export interface ConsoleFile {
  /** Below `/console/`. */
  readonly name: string;
  readonly type: string;
  /** Another name for other contents, so that browsers may keep it for good. */
  readonly isHashed: boolean;
  readonly text: string;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Fails with what the bundler says. */
export async function buildConsole(): Promise<readonly ConsoleFile[]> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dir, '..', '..', 'console', 'index.html')],
    target: 'browser',
    minify: true,
    splitting: true,
    publicPath: '/console/',
    naming: { entry: '[name].[ext]', chunk: '[name]-[hash].[ext]', asset: '[name]-[hash].[ext]' },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return Promise.all(
    outputs.map(async (output) => {
      const name = basename(output.path);
      const type = types[extname(name)] ?? output.type;
      return { name, type, isHashed: extname(name) !== '.html', text: await output.text() };
    }),
  );
}
