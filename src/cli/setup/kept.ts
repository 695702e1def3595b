/**
 * Settings files of clients, written and put back. What a file said before is kept until it has been put back, in the user's own folder for
 * such things, readable for him alone: it may hold tokens.
 */
import { chmod, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { z } from 'zod';
import type { SettingsFile } from '../../guide.ts';
import { withoutSettings, withSettings } from './edit.ts';

const kept = z.object({
  /** Clients that it was written for. */
  clients: z.array(z.string()),
  form: z.enum(['ini', 'yarnrc', 'yaml', 'toml', 'json', 'own']),
  settings: z.array(
    z.object({
      section: z.string().optional(),
      key: z.string(),
      value: z.string(),
      isItem: z.boolean().optional(),
    }),
  ),
  /** As it was, in Base64; `null`: there was none. */
  before: z.string().nullable(),
  /** What was written, SHA-256. */
  written: z.string(),
});
type Kept = z.output<typeof kept>;

const state = z.object({ files: z.record(z.string(), kept) });

export interface Homes {
  /** Of the user, absolute. */
  readonly home: string;
  /** What `/` is of the system that is set up, absolute. */
  readonly root: string;
  /** For what programs keep from one run to the next. */
  readonly state: string;
}

/** Of programs that all users share. */
const systemFolders = ['/etc/docker/', '/etc/containerd/certs.d/'];

export type Written = 'written' | 'unchanged';
/** `shared`: another client still goes by it. `edited`: somebody else has changed it, and his changes stay. */
export type PutBack = 'restored' | 'edited' | 'shared' | 'nothing';

export async function write(client: string, file: SettingsFile, homes: Homes): Promise<Written> {
  const path = await targetOf(file, homes);
  const all = await readState(homes);
  const known = all.files[file.path];
  const now = await contentOf(path);
  const before = known === undefined ? now : beforeOf(known, now);
  const clients = [...new Set([...(known?.clients ?? []), client])];
  // Of what it was, not of what it is: there may be another address by now.
  const text = withSettings(textOf(before), file);
  const entry: Kept = {
    ...{ clients, form: file.form, settings: file.settings.map((each) => ({ ...each })) },
    before: before === null ? null : before.toString('base64'),
    written: hashOf(Buffer.from(text)),
  };
  // First what it was, then what it is: a crash in between loses nothing.
  await writeState(homes, { files: { ...all.files, [file.path]: entry } });
  if (now !== null && textOf(now) === text) return 'unchanged';
  await replace(path, Buffer.from(text), now === null ? 0o600 : undefined);
  return 'written';
}

export async function putBack(
  client: string,
  file: Pick<SettingsFile, 'path'>,
  homes: Homes,
): Promise<PutBack> {
  const all = await readState(homes);
  const known = all.files[file.path];
  if (known === undefined || !known.clients.includes(client)) return 'nothing';
  const others = known.clients.filter((each) => each !== client);
  if (others.length > 0) {
    await writeState(homes, { files: { ...all.files, [file.path]: { ...known, clients: others } } });
    return 'shared';
  }
  const path = await targetOf(file, homes);
  const now = await contentOf(path);
  const before = known.before === null ? null : Buffer.from(known.before, 'base64');
  // A file of our own goes as a whole, which it says itself.
  const isEdited = now !== null && known.form !== 'own' && hashOf(now) !== known.written;
  if (now !== null && isEdited) {
    const text = withoutSettings(textOf(now), textOf(before), known);
    await replace(path, Buffer.from(text));
  } else if (before !== null) await replace(path, before);
  else await rm(path, { force: true });
  const { [file.path]: _, ...rest } = all.files;
  await writeState(homes, { files: rest });
  return isEdited ? 'edited' : 'restored';
}

/** Files that were written for a client and have not been put back, as their guides name them. */
export async function filesOf(client: string, homes: Homes): Promise<readonly string[]> {
  const { files } = await readState(homes);
  return Object.entries(files).flatMap(([path, { clients }]) => (clients.includes(client) ? [path] : []));
}

/** What there would be without us, with what others have changed since. */
function beforeOf(known: Kept, now: Buffer | null): Buffer | null {
  if (now === null) return null;
  const before = known.before === null ? null : Buffer.from(known.before, 'base64');
  if (hashOf(now) === known.written) return before;
  return Buffer.from(withoutSettings(textOf(now), textOf(before), known));
}

/** A link stays one: what it leads to is written. */
async function targetOf({ path }: Pick<SettingsFile, 'path'>, homes: Homes): Promise<string> {
  const named = placeOf(normalize(path), homes);
  return realpath(named).catch(() => named); // there is none yet
}

/** A network does not choose what of a machine is written. */
function placeOf(path: string, { home, root }: Homes): string {
  if (!isAbsolute(path) && !path.startsWith('..')) return join(home, path);
  if (systemFolders.some((folder) => path.startsWith(folder))) return join(root, path);
  throw new Error(`The network names a file that is no settings file of a client: ${path}`);
}

async function contentOf(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** At once, or not at all; with the rights that it has. */
async function replace(path: string, bytes: Buffer, mode?: number): Promise<void> {
  const rights =
    mode ??
    (await stat(path).then(
      (found) => found.mode & 0o777,
      () => 0o600,
    )); // gone by now
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${crypto.randomUUID().slice(0, 8)}`;
  await writeFile(beside, bytes, { mode: 0o600 });
  await chmod(beside, rights);
  await rename(beside, path);
}

const stateFile = ({ state }: Homes) => join(state, 'meridian', 'setup.json');

async function readState(homes: Homes): Promise<z.output<typeof state>> {
  const content = await contentOf(stateFile(homes));
  return content === null ? { files: {} } : state.parse(JSON.parse(content.toString('utf8')));
}

async function writeState(homes: Homes, next: z.output<typeof state>): Promise<void> {
  await replace(stateFile(homes), Buffer.from(`${JSON.stringify(next, null, 2)}\n`), 0o600);
}

/** What is no text cannot be edited without changing it. */
function textOf(bytes: Buffer | null): string {
  return bytes === null ? '' : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

function hashOf(bytes: Buffer): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex');
}
