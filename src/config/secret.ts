/**
 * The secret of a network that lives on one machine: made once, kept in its data folder, readable by its
 * owner only.
 */
import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from './error-code.ts';

/** 32 random bytes, as 64 hexadecimal digits. */
export function newSecret(): string {
  return randomBytes(32).toString('hex');
}

/** The secret in `<dataDir>/secret`, if there is one. */
export function knownSecret(dataDir: string): Promise<string | undefined> {
  return read(join(dataDir, 'secret'));
}

/**
 * The secret in `<dataDir>/secret`, made now if there is none. Several processes may start at the same
 * time: the file appears whole under its name, and whoever comes second takes the first one's.
 */
export async function keptSecret(dataDir: string): Promise<string> {
  const file = join(dataDir, 'secret');
  const found = await read(file);
  if (found !== undefined) return found;
  await mkdir(dataDir, { recursive: true });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, `${newSecret()}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(draft, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const kept = await read(file);
  if (kept === undefined) throw new Error(`${file} is gone right after it was made`);
  return kept;
}

async function read(file: string): Promise<string | undefined> {
  try {
    const secret = (await readFile(file, 'utf8')).trim();
    if (secret.length >= 32) return secret;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw new Error(`The secret of this network cannot be read from ${file}`, { cause: error });
  }
  throw new Error(`${file} is damaged: remove it, and the next start makes a new one`);
}
