/** The real pip and the real twine, run as on a new machine: nothing of its settings, an empty home, and no cache. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from './wait.ts';

export interface PythonRun {
  readonly code: number;
  /** Both streams: what a user would see. */
  readonly output: string;
}

export interface PythonOptions {
  readonly home: string;
  /** Variables besides. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Why it cannot be run, or `null`. */
export function problemWith(program: 'pip' | 'twine'): string | null {
  return Bun.which(program) === null ? `${program} is not installed` : null;
}

/** `23.2`; 0 where there is none. */
export async function pipVersion(): Promise<number> {
  if (problemWith('pip') !== null) return 0;
  const said = await Bun.spawn(['pip', '--version'], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  }).stdout.text();
  return Number(/^pip (\d+\.\d+)/.exec(said)?.[1] ?? 0);
}

/** `runPython('pip', ['install', …], { home })`. */
export async function runPython(
  program: string,
  args: readonly string[],
  { home, environment = {} }: PythonOptions,
): Promise<PythonRun> {
  mkdirSync(home, { recursive: true });
  const child = Bun.spawn([program, ...args], {
    cwd: home,
    env: {
      ...{
        PATH: process.env.PATH ?? '',
        HOME: home,
        LANG: 'C.UTF-8',
        NO_COLOR: '1',
        XDG_CONFIG_HOME: join(home, '.config'),
      },
      ...{
        PIP_CONFIG_FILE: '/dev/null',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
        PIP_NO_INPUT: '1',
        PIP_RETRIES: '0',
      },
      ...{
        PIP_NO_CACHE_DIR: '1',
        PIP_ROOT_USER_ACTION: 'ignore',
        PYTHON_KEYRING_BACKEND: 'keyring.backends.null.Keyring',
      },
      ...environment,
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const all = Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  const [code, stdout, stderr] = await within(60_000, `${program} ${args.join(' ')}`, all).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  return { code, output: stdout + stderr };
}

export interface Install {
  /** Of the index, with `/simple/`. */
  readonly index: string;
  readonly home: string;
  /** Packages, and options of pip. */
  readonly wanted: readonly string[];
  /** What it may have to do with: absent: no dependencies. */
  readonly withDependencies?: boolean;
}

/** Into a folder of its own below `home`, whose name is returned with the run. */
export async function pipInstall({ index, home, wanted, withDependencies = false }: Install) {
  const target = join(home, `target-${Bun.randomUUIDv7()}`);
  const alone = withDependencies ? [] : ['--no-deps'];
  const args = ['install', '--no-compile', '--target', target, '--index-url', index, ...alone, ...wanted];
  return { target, ...(await runPython('pip', args, { home })) };
}

/** The same, for what has to work. */
export async function pipInstalls(install: Install): Promise<string> {
  const { code, output, target } = await pipInstall(install);
  if (code === 0) return target;
  throw new Error(`pip install ${install.wanted.join(' ')} ended with ${code}:\n${output}`);
}

/**
 * A folder on this machine that pip is set to, with an index (`simple/`) of these projects and their files.
 */
export async function folderIndex(
  projects: readonly string[],
): Promise<{ readonly path: string; readonly problem: string | null }> {
  if (Bun.which('pip') === null) return { path: '', problem: 'pip is not installed' };
  const options = { stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' } as const;
  const said = await Bun.spawn(['pip', 'config', 'get', 'global.extra-index-url'], options).stdout.text();
  const folders = said
    .split(/\s+/)
    .flatMap((each) => (each.startsWith('file:') ? [fileURLToPath(each)] : []));
  const found = folders.find((path) => projects.every((name) => existsSync(join(path, name, 'index.html'))));
  if (found === undefined) return { path: '', problem: 'pip is set to no folder that has them' };
  return { path: dirname(found), problem: null };
}
