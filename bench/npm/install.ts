/**
 * Verdaccio, from the machine's own npm registry, as two lock files with hashes name it: the server with all that it depends
 * on, and the Node.js that it wants. It is no dependency of Meridian: it lies in a cache of the benchmark, and is installed
 * by the run that first needs it.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { arch } from 'node:os';
import { join, resolve } from 'node:path';
import { capture } from '../process.ts';

const CACHE = resolve(import.meta.dirname, '../results/tmp/installed');
const PINS = join(import.meta.dirname, 'pins');

export interface Installed {
  /** Absolute paths of programs: the Node.js to run it with, and its own. */
  readonly node: string;
  readonly verdaccio: string;
}

/** Or why it cannot be had. */
export async function installVerdaccio(): Promise<Installed | { readonly because: string }> {
  try {
    const node = await installed('node');
    const verdaccio = await installed('verdaccio');
    return {
      node: join(node, `node_modules/node-linux-${arch()}/bin/node`),
      verdaccio: join(verdaccio, 'node_modules/verdaccio/bin/verdaccio'),
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { because: `Verdaccio could not be installed from this machine's npm registry: ${lastLine(why)}` };
  }
}

/** The folder of what a lock file names. It appears under its name when all of it is there. */
async function installed(pin: 'node' | 'verdaccio'): Promise<string> {
  const lock = join(PINS, pin, 'package-lock.json');
  const digest = new Bun.CryptoHasher('sha256').update(await Bun.file(lock).bytes()).digest('hex');
  const folder = join(CACHE, `${pin}-${digest.slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  const making = `${folder}.${process.pid}`;
  mkdirSync(CACHE, { recursive: true });
  cpSync(join(PINS, pin), making, { recursive: true });
  try {
    await capture('npm', 'ci', '--prefix', making, '--ignore-scripts', '--no-audit', '--no-fund');
    renameSync(making, folder);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return folder;
}

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1) ?? text;
