/** What is installed in a world, by real clients, each time as on a machine that has never installed anything: an empty home, no cache. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CoreSet } from '../machine.ts';
import { makeToken, USER } from '../peers/meridian-control.ts';
import { pinned } from '../process.ts';
import type { World } from './network.ts';
import { type Places, PYTHON_ROOTS } from './places.ts';

/** 1,300 packages, one document after another over a long way, take more than five minutes without predictions. */
const LONGEST_MS = 600_000;
/** Below everything else on the core that they share with the links: a client that computes does not slow the network down. */
const NICE = 3;
const PNPM = resolve(import.meta.dirname, '../../node_modules/pnpm/bin/pnpm.mjs');
const IMAGE = 'world/image';

export interface Stage {
  readonly world: World;
  readonly places: Places;
  readonly core: CoreSet;
  /** Empty, and emptied afterwards. */
  readonly folder: string;
}

export interface Install {
  readonly title: string;
  readonly route: 'npm' | 'pypi' | 'oci';
  /** A program without which it cannot be done. */
  readonly needs: string;
  /** At most, whatever is wanted: of one that takes many minutes. */
  readonly rounds?: number | undefined;
  /** What has to be there once, and stays between runs. */
  prepare?(stage: Stage): Promise<void>;
  run(stage: Stage): Promise<number>;
}

const sizes = ['small', 'medium', 'large'] as const;
type Size = (typeof sizes)[number];

export const installs: readonly Install[] = [
  ...sizes.map(npmCi),
  ...sizes.map(npmInstall),
  pnpmInstall('medium'),
  {
    title: 'container pull, 34 MiB in 6 layers',
    route: 'oci',
    needs: 'skopeo',
    prepare: pushImage,
    run: ({ world, core, folder }) =>
      succeeds(core, folder, [
        ...['skopeo', 'copy', '-q', '--src-tls-verify=false'],
        ...[`docker://${new URL(world.url).host}/${IMAGE}:1`, `dir:${join(folder, 'pulled')}`],
      ]),
  },
  {
    title: `pip install ${PYTHON_ROOTS.join(' ')}`,
    route: 'pypi',
    needs: 'pip',
    run: ({ world, core, folder }) =>
      succeeds(core, folder, [
        ...['pip', 'install', '-q', '--no-cache-dir', '--target', join(folder, 'installed')],
        ...['--index-url', `${world.url}/pypi/simple/`, ...PYTHON_ROOTS],
      ]),
  },
];

const projectOf = (size: Size) => join(import.meta.dirname, 'projects', size);
const lockName = (size: Size) => `${size}.package-lock.json`;
const OWN = 'http://registry.invalid/npm/';

function npmCi(size: Size): Install {
  return {
    title: `npm ci, ${size}`,
    route: 'npm',
    needs: 'npm',
    rounds: size === 'large' ? 1 : undefined,
    async prepare({ world, places, core, folder }) {
      if (await Bun.file(places.file(lockName(size))).exists()) return;
      cpSync(projectOf(size), folder, { recursive: true });
      await succeeds(core, folder, npm(world.near, 'install', '--package-lock-only'));
      const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
      writeFileSync(places.file(lockName(size)), lock.replaceAll(`${world.near}/npm/`, OWN));
    },
    async run({ world, places, core, folder }) {
      cpSync(projectOf(size), folder, { recursive: true });
      const lock = readFileSync(places.file(lockName(size)), 'utf8');
      writeFileSync(join(folder, 'package-lock.json'), lock.replaceAll(OWN, `${world.url}/npm/`));
      return succeeds(core, folder, npm(world.url, 'ci'));
    },
  };
}

function npmInstall(size: Size): Install {
  return {
    title: `npm install, ${size}`,
    route: 'npm',
    needs: 'npm',
    rounds: size === 'small' ? undefined : 1,
    async run({ world, core, folder }) {
      cpSync(projectOf(size), folder, { recursive: true });
      return succeeds(core, folder, npm(world.url, 'install'));
    },
  };
}

function pnpmInstall(size: Size): Install {
  return {
    title: `pnpm install, ${size}`,
    route: 'npm',
    needs: 'node',
    async run({ world, core, folder }) {
      cpSync(projectOf(size), folder, { recursive: true });
      const store = ['--store-dir', join(folder, 'store'), '--registry', `${world.url}/npm/`];
      return succeeds(core, folder, ['node', PNPM, 'install', '--ignore-scripts', ...store]);
    },
  };
}

/** With its defaults, audit included; scripts are other people's programs. */
function npm(base: string, ...what: string[]): string[] {
  const quiet = ['--ignore-scripts', '--no-fund', '--no-progress', '--no-update-notifier'];
  return ['npm', ...what, '--registry', `${base}/npm/`, ...quiet];
}

async function pushImage({ world, places, core, folder }: Stage): Promise<void> {
  const done = places.file('image.pushed');
  if (await Bun.file(done).exists()) return;
  const right = { actions: ['read', 'publish'], routes: ['oci'], subjects: ['world/*'] };
  const token = await makeToken(join(places.data, 'origin'), places.secret, right);
  const to = `docker://${new URL(world.near).host}/${IMAGE}:1`;
  const options = ['-q', '--dest-tls-verify=false', '--dest-creds', `${USER}:${token}`];
  await succeeds(core, folder, ['skopeo', 'copy', ...options, `oci:${places.image}:1`, to]);
  writeFileSync(done, '');
}

/** Seconds. Throws with the client's last words. */
async function succeeds(core: CoreSet, folder: string, command: readonly string[]): Promise<number> {
  const home = join(folder, '.home');
  mkdirSync(home, { recursive: true });
  const startedMs = performance.now();
  const child = Bun.spawn(pinned(core, ['nice', '-n', String(NICE), ...command]), {
    cwd: folder,
    // Nothing of the machine's own settings.
    env: {
      ...{ PATH: process.env.PATH ?? '', HOME: home, LANG: 'C.UTF-8', NO_COLOR: '1', CI: '1' },
      ...{ XDG_RUNTIME_DIR: home, PIP_CONFIG_FILE: '/dev/null', PIP_DISABLE_PIP_VERSION_CHECK: '1' },
      ...{ REGISTRY_AUTH_FILE: join(home, 'auth.json'), PIP_ROOT_USER_ACTION: 'ignore' },
    },
    ...{ stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', timeout: LONGEST_MS },
  });
  const said = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const seconds = (performance.now() - startedMs) / 1000;
  if (child.exitCode === 0) return seconds;
  const words = `${said[1]}${said[0]}`.trim().slice(-500);
  throw new Error(`${command.slice(0, 3).join(' ')} ended with ${child.exitCode}: ${words}`);
}

/** Makes the folder of a stage empty again. */
export function emptied(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
