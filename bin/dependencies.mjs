/**
 * From a fresh clone to installed dependencies, with nothing but Node and npm on the machine, so that `npm start`
 * and `npm test` work as the very first command. Plain Node without dependencies: nothing else is there yet.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CannotStart } from './cannot-start.mjs';

/** The folder that holds package.json. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Runs `npm ci` where node_modules is missing or is not what package-lock.json asks for.
 *
 * Only in a checkout: npm never publishes package-lock.json, so where there is none Meridian is somebody's
 * dependency and its own dependencies are their package manager's business.
 *
 * @param {{ dev: boolean }} wanted dev: whether the development dependencies are needed too
 */
export function installDependencies({ dev }) {
  const wanted = readLock(join(root, 'package-lock.json'));
  if (!wanted) return;
  // npm's own record of what it installed, written when it had finished: no stamp of ours to go stale.
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (installed && isInstalled(wanted, installed, { dev })) return;

  console.error('meridian: installing dependencies (npm ci)');
  // NODE_ENV=production would leave the development dependencies out. npm's standard output goes to standard
  // error: what a command of ours prints may be piped somewhere.
  const args = ['ci', '--include=dev', '--include=optional'];
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js') ? process.env.npm_execpath : undefined;
  const { status, error } = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (status !== 0) {
    throw new CannotStart(
      `npm ci failed${error ? ` (${error.message})` : ''}. Put right what it says above, then run \`npm ci\` in ${root}.`,
    );
  }
}

/**
 * @typedef {{ version?: string, integrity?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }} Locked
 * @typedef {{ packages?: Record<string, Locked> }} Lock
 */

/**
 * Whether everything that the lock file asks for is there, in the very version. Optional packages may be
 * missing (they belong to other platforms), but may not be of another version.
 *
 * @param {Lock} wanted
 * @param {Lock} installed
 * @param {{ dev: boolean }} options
 */
export function isInstalled(wanted, installed, { dev }) {
  return Object.entries(wanted.packages ?? {}).every(([path, want]) => {
    if (path === '') return true;
    const have = installed.packages?.[path];
    if (!have) return want.optional || want.devOptional || (want.dev && !dev);
    return have.version === want.version && (!want.integrity || have.integrity === want.integrity);
  });
}

/** @param {string} path @returns {Lock | undefined} */
function readLock(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}
