/**
 * Settings files of clients, written and put back. What a file said before is kept until it has been put back, in the user's own folder for
 * such things, readable for him alone: it may hold tokens. A file that is ours as a whole is written where there is none, or one of ours; what
 * somebody else has written into it since is kept beside it.
 */
import { chmod, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, sep } from 'node:path';
import { z } from 'zod';
import type { SettingsFile } from '../../guide.ts';
import { UsageError } from '../exit.ts';
import { withoutSettings, withSettings } from './edit.ts';

const kept = z.object({
  /** Clients that it was written for. */
  clients: z.array(z.string()),
  form: z.enum(['ini', 'yarnrc', 'yaml', 'toml', 'json', 'xml', 'own']),
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
const systemFolders = [
  ...['/etc/docker/', '/etc/containerd/certs.d/'],
  // Not apt.conf.d: what stands there, apt runs.
  ...['/etc/apt/sources.list.d/', '/etc/apt/keyrings/'],
];

export type Written = 'written' | 'unchanged';
/**
 * `shared`: another client still goes by it. `edited`: somebody else has changed it, and his changes stay. `aside`: they are kept beside
 * it (`besideOf`).
 */
export type PutBack = 'restored' | 'edited' | 'aside' | 'shared' | 'nothing';

/** Where a file of ours is kept that somebody else has changed: no client reads it there. */
const besideOf = (path: string) => `${path}.edited`;

export async function write(client: string, file: SettingsFile, homes: Homes): Promise<Written> {
  const path = await targetOf(file, homes);
  const all = await readState(homes);
  const name = nameOf(file, homes);
  const known = all.files[name];
  const now = await contentOf(path);
  refuseOthers(file, known, now);
  const before = known === undefined ? now : beforeOf(known, now);
  const clients = [...new Set([...(known?.clients ?? []), client])];
  // Of what it was, not of what it is: there may be another address by now.
  const text = edited(file, () => withSettings(textOf(before), file));
  const entry: Kept = {
    ...{ clients, form: file.form, settings: file.settings.map((each) => ({ ...each })) },
    before: before === null ? null : before.toString('base64'),
    written: hashOf(Buffer.from(text)),
  };
  // First what it was, then what it is: a crash in between loses nothing.
  await writeState(homes, { files: { ...all.files, [name]: entry } });
  if (now !== null && textOf(now) === text) return 'unchanged';
  await replace(path, Buffer.from(text), now === null ? rightsOf(file) : undefined);
  return 'written';
}

export async function putBack(
  client: string,
  file: Pick<SettingsFile, 'path'>,
  homes: Homes,
): Promise<PutBack> {
  const all = await readState(homes);
  const name = nameOf(file, homes);
  const known = all.files[name];
  if (known === undefined || !known.clients.includes(client)) return 'nothing';
  const others = known.clients.filter((each) => each !== client);
  if (others.length > 0) {
    await writeState(homes, { files: { ...all.files, [name]: { ...known, clients: others } } });
    return 'shared';
  }
  const path = await targetOf(file, homes);
  const now = await contentOf(path);
  const before = known.before === null ? null : Buffer.from(known.before, 'base64');
  const isEdited = now !== null && hashOf(now) !== known.written;
  // A file of our own goes as a whole, which it says itself.
  const isAside = isEdited && known.form === 'own';
  if (now !== null && isAside) await replace(besideOf(path), now);
  if (now !== null && isEdited && !isAside) {
    const text = edited(file, () => withoutSettings(textOf(now), textOf(before), known));
    await replace(path, Buffer.from(text));
  } else if (before !== null) await replace(path, before);
  else await rm(path, { force: true });
  const { [name]: _, ...rest } = all.files;
  await writeState(homes, { files: rest });
  return isAside ? 'aside' : isEdited ? 'edited' : 'restored';
}

/** Files that were written for a client and have not been put back, as their guides name them. */
export async function filesOf(client: string, homes: Homes): Promise<readonly string[]> {
  const { files } = await readState(homes);
  return Object.entries(files).flatMap(([name, { clients }]) => {
    const path = isAbsolute(name) ? withoutRoot(name, homes) : name;
    return path !== null && clients.includes(client) ? [path] : [];
  });
}

/** What a file is called where it is written down: of several systems, each has its own. */
function nameOf({ path }: Pick<SettingsFile, 'path'>, { root }: Homes): string {
  return isAbsolute(path) ? join(root, path) : path;
}

/** `null`: it is another system's. */
function withoutRoot(name: string, { root }: Homes): string | null {
  const path = root === sep ? name : name.startsWith(root + sep) ? name.slice(root.length) : '';
  return systemFolders.some((folder) => path.startsWith(folder)) ? path : null;
}

/** Of a file that is ours as a whole, somebody else's in its place is not ours to replace. */
function refuseOthers(file: SettingsFile, known: Kept | undefined, now: Buffer | null): void {
  const { path, form } = file;
  if (form !== 'own' || now === null || hashOf(now) === known?.written) return;
  // As we would write it, it may be.
  if (now.toString('utf8') === withSettings('', file)) return;
  throw new UsageError(
    `${path} is there, and says something that \`meridian setup\` has not written: move it away, or add to it what \`meridian setup\` tells without --write`,
  );
}

/** @throws a `UsageError` where the file is not what its name says. */
function edited({ path }: Pick<SettingsFile, 'path'>, edit: () => string): string {
  try {
    return edit();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${path} cannot be edited, and stays as it is: ${why}`, { cause });
  }
}

/** Programs that all users share may run as any of them, and there is no secret in what they are told. */
function rightsOf({ path }: Pick<SettingsFile, 'path'>): number {
  return isAbsolute(path) ? 0o644 : 0o600;
}

/** What there would be without us, with what others have changed since. */
function beforeOf(known: Kept, now: Buffer | null): Buffer | null {
  if (now === null) return null;
  const before = known.before === null ? null : Buffer.from(known.before, 'base64');
  if (hashOf(now) === known.written) return before;
  return Buffer.from(withoutSettings(textOf(now), textOf(before), known));
}

/** A link stays one: what it leads to is written, but out of a system that is being made. */
async function targetOf({ path }: Pick<SettingsFile, 'path'>, homes: Homes): Promise<string> {
  const named = placeOf(normalize(path), homes);
  const target = await realpath(named).catch(() => named); // there is none yet
  const { root } = homes;
  if (!isAbsolute(path) || root === sep || (await isWithin(root, target))) return target;
  throw new UsageError(`${named} is a link that leads out of ${root}`);
}

async function isWithin(root: string, path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => null); // there is none: what it would be in counts
  if (real === null) return path === root || isWithin(root, dirname(path));
  return `${real}${sep}`.startsWith(`${await realpath(root)}${sep}`);
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
