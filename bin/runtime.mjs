/**
 * The runtime: where the pinned Bun lies on this machine, and the flags and environment that it is started with.
 * `docs/decisions/0001-bun-from-npm.md` says why it comes from npm.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { CannotStart } from './cannot-start.mjs';
import { root } from './dependencies.mjs';

/**
 * Flags for every Bun that runs Meridian.
 *
 * `--config` and `--no-env-file`: Bun would otherwise obey a bunfig.toml (which can preload code) and a .env
 * file that happen to lie in the folder where a command is typed.
 * `--max-http-header-size`: the limit on header fields is 32 KiB (Bun's default is 16), named in the
 * configuration reference.
 */
export const runtimeFlags = [
  `--config=${join(root, 'bunfig.toml')}`,
  '--no-env-file',
  '--max-http-header-size=32768',
];

/**
 * Bun's `fetch` runs at most 256 requests at once in a process and queues the rest. Meridian asks with a client of its
 * own, but the crowds of tests and benchmarks do not.
 */
export function runtimeEnv() {
  return { BUN_CONFIG_MAX_HTTP_REQUESTS: '4096', ...process.env };
}

/** Smaller than any Bun, larger than the note that npm's `bun` package carries in its place. */
const SMALLEST_BUN_BYTES = 1 << 20;

/**
 * The path of the pinned Bun. In order: what MERIDIAN_BUN says; the platform's own package, which is there even
 * where install scripts are not run; the `bun` package, into which its install script has moved that binary;
 * a `bun` on the PATH, if it has the pinned version.
 *
 * @returns {string}
 */
export function findBun() {
  const told = process.env.MERIDIAN_BUN;
  if (told) {
    if (!existsSync(told)) throw new CannotStart(`MERIDIAN_BUN names ${told}, which does not exist.`);
    return told;
  }
  const { version, expected, candidates } = bunPackages();
  const found = candidates.find(isBinary) ?? bunOnPath(version);
  if (found) return found;
  throw new CannotStart(
    [
      `Bun ${version}, which Meridian runs on, was not found.`,
      `  This platform: ${platformName()}`,
      `  Expected:      the npm package ${expected.join(' or ') || '(Bun has none for this platform)'}`,
      '  What to do:    run `npm ci --include=optional` here (it is an optional dependency of the package `bun`),',
      `                 or put Bun ${version} on the PATH, or set MERIDIAN_BUN to its path.`,
    ].join('\n'),
  );
}

/** The pinned version, the packages that carry it for this platform, and the files where it may lie. */
function bunPackages() {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const expected = platformPackages(process.platform, process.arch, isMusl());
  const exe = process.platform === 'win32' ? 'bun.exe' : 'bun';
  const bun = resolvePackage(createRequire(import.meta.url), 'bun');
  // The platform's package is a dependency of `bun`, so it is looked up from there: not every package manager
  // puts it where we could see it.
  const fromBun = bun ? createRequire(join(bun, 'package.json')) : undefined;
  const candidates = fromBun
    ? expected.flatMap((name) => {
        const folder = resolvePackage(fromBun, name);
        return folder ? [join(folder, 'bin', exe)] : [];
      })
    : [];
  // On every platform the install script calls it bun.exe.
  if (bun) candidates.push(join(bun, 'bin', 'bun.exe'), join(bun, 'bin', 'bun'));
  return { version: String(dependencies.bun), expected, candidates };
}

/**
 * The packages that may carry Bun for a platform, best first. A musl machine can not run the glibc build, but
 * one with glibc may have both installed, by a package manager that does not know the `libc` field.
 *
 * @param {string} platform as in process.platform
 * @param {string} arch as in process.arch
 * @param {boolean} musl
 * @returns {string[]}
 */
export function platformPackages(platform, arch, musl) {
  const cpu = { x64: 'x64', arm64: 'aarch64' }[arch];
  if (!cpu) return [];
  switch (platform) {
    case 'linux':
      return [musl ? `@oven/bun-linux-${cpu}-musl` : `@oven/bun-linux-${cpu}`];
    case 'android':
      return [`@oven/bun-linux-${cpu}-android`];
    case 'darwin':
    case 'freebsd':
      return [`@oven/bun-${platform}-${cpu}`];
    case 'win32':
      return [`@oven/bun-windows-${cpu}`];
    default:
      return [];
  }
}

function platformName() {
  return `${process.platform} ${process.arch}${isMusl() ? ' (musl)' : ''}`;
}

/** Node reports the glibc that it runs on; on musl there is none to report. */
function isMusl() {
  if (process.platform !== 'linux') return false;
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return !report.header?.glibcVersionRuntime;
}

/** @param {NodeJS.Require} require @param {string} name @returns {string | undefined} the package's folder */
function resolvePackage(require, name) {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined; // not installed: the caller has other places to look
  }
}

/** @param {string} path */
function isBinary(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size >= SMALLEST_BUN_BYTES;
}

/** @param {string} version @returns {string | undefined} */
function bunOnPath(version) {
  const exe = process.platform === 'win32' ? 'bun.exe' : 'bun';
  const places = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return places
    .map((place) => join(place, exe))
    .find((path) => isBinary(path) && versionOf(path) === version);
}

/** @param {string} bun @returns {string | undefined} */
function versionOf(bun) {
  try {
    return execFileSync(bun, ['--version'], { encoding: 'utf8', timeout: 5_000 }).trim();
  } catch {
    return undefined; // does not run here: then it is not the one that we look for
  }
}
