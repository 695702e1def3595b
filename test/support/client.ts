/**
 * Real package managers, run as on a new machine: an empty home, cache and store, and nothing known but a
 * registry. npm is the machine's own; pnpm and yarn come from the development dependencies.
 */
import { mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { within } from './wait.ts';

/** `yarn` is the one of today (berry), `yarn-classic` version 1. */
export type Client = 'npm' | 'pnpm' | 'yarn' | 'yarn-classic';

export interface ClientOptions {
  readonly registry: string;
  /** The folder with the project. */
  readonly project: string;
  /** Home, cache and store. A second run with the same one has a warm cache. */
  readonly home: string;
  /** Default: two minutes. */
  readonly withinMs?: number;
  /** Variables besides. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Hears all that the client has said so far, whenever it says more; `type` is the keyboard. */
  readonly heard?: (said: string, type: (text: string) => void) => void;
}

export interface ClientRun {
  readonly code: number;
  readonly stdout: string;
  /** Both streams: what a user would see. */
  readonly output: string;
  readonly elapsedMs: number;
}

const root = join(import.meta.dir, '..', '..');
const program = (path: string) => ['node', join(root, 'node_modules', path)];

const commands: Record<Client, readonly string[]> = {
  npm: ['npm'],
  pnpm: program('pnpm/bin/pnpm.mjs'),
  yarn: program('@yarnpkg/cli-dist/bin/yarn.js'),
  'yarn-classic': program('yarn-classic/bin/yarn.js'),
};

/** Runs a client to its end, whatever that is: `runClient('npm', ['ci'], { registry, project, home })`. */
export async function runClient(
  client: Client,
  args: readonly string[],
  options: ClientOptions,
): Promise<ClientRun> {
  const { registry, project, home, withinMs = 120_000, heard, environment } = options;
  mkdirSync(home, { recursive: true });
  const started = performance.now();
  const child = Bun.spawn([...commands[client], ...args], {
    cwd: project,
    env: { ...plainEnvironment(home), ...settings[client](registry, home), ...environment },
    stdin: heard === undefined ? 'ignore' : 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const type = (text: string) => void child.stdin?.write(text);
  let said = '';
  const listen = (more: string) => {
    said += more;
    heard?.(said, type);
  };
  const all = Promise.all([child.exited, textOf(child.stdout, listen), textOf(child.stderr, listen)]);
  const [code, stdout, stderr] = await within(withinMs, `${client} ${args.join(' ')}`, all).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return { code, stdout, output: stdout + stderr, elapsedMs: performance.now() - started };
}

async function textOf(stream: ReadableStream<Uint8Array>, listen: (more: string) => void): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of stream) {
    const more = decoder.decode(piece, { stream: true });
    text += more;
    listen(more);
  }
  return text;
}

/** The same, for what has to work: fails with what the client said. */
export async function clientSucceeds(
  client: Client,
  args: readonly string[],
  options: ClientOptions,
): Promise<ClientRun> {
  const run = await runClient(client, args, options);
  if (run.code === 0) return run;
  throw new Error(`${client} ${args.join(' ')} ended with ${run.code}:\n${run.output.slice(-4000)}`);
}

/** Nothing of the machine's but the way to its programs: settings come in variables, too. */
function plainEnvironment(home: string): Record<string, string> {
  const path = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  const xdg = { XDG_CACHE_HOME: join(home, 'cache'), XDG_DATA_HOME: join(home, 'data') };
  const more = { XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') };
  return { PATH: path, HOME: home, LANG: 'C.UTF-8', NO_COLOR: '1', ...xdg, ...more };
}

const settings: Record<Client, (registry: string, home: string) => Record<string, string>> = {
  npm: (registry, home) => ({
    npm_config_registry: registry,
    npm_config_cache: join(home, 'npm'),
    npm_config_userconfig: join(home, 'npmrc'),
    npm_config_globalconfig: join(home, 'global-npmrc'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_ignore_scripts: 'true',
    npm_config_update_notifier: 'false',
    npm_config_fetch_retry_mintimeout: '100',
    npm_config_fetch_retry_maxtimeout: '500',
  }),
  pnpm: (registry, home) => ({
    pnpm_config_registry: registry,
    npm_config_registry: registry,
    pnpm_config_store_dir: join(home, 'store'),
    pnpm_config_ignore_scripts: 'true',
    pnpm_config_update_notifier: 'false',
    PNPM_HOME: join(home, 'pnpm'),
  }),
  yarn: (registry, home) => ({
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_GLOBAL_FOLDER: join(home, 'yarn'),
    YARN_ENABLE_GLOBAL_CACHE: 'true',
    YARN_ENABLE_TELEMETRY: 'false',
    YARN_ENABLE_SCRIPTS: 'false',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    YARN_ENABLE_PROGRESS_BARS: 'false',
    YARN_NODE_LINKER: 'node-modules',
  }),
  'yarn-classic': (registry, home) => ({
    YARN_REGISTRY: registry,
    YARN_CACHE_FOLDER: join(home, 'yarn'),
    YARN_IGNORE_SCRIPTS: 'true',
    YARN_DISABLE_SELF_UPDATE_CHECK: 'true',
  }),
};
