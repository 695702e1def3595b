/**
 * Which files make a module, by the rules of the go command (golang.org/x/mod/zip: `CheckZip` for what is a module's zip already, `CheckFiles` for
 * what is to become one). What it would refuse to unpack is refused when it is published.
 */
import { objectionToFile } from './module-path.ts';

export interface NamedFile {
  /** As the archive has it; a folder ends in a slash. */
  readonly name: string;
  /** Unpacked. */
  readonly sizeBytes: number;
  /** A symbolic link, or anything else that is no file. */
  readonly isSpecial: boolean;
}

/** The go command's own bounds, in bytes. */
export const moduleBounds = {
  /** Of the zip, and of all that it unpacks to. */
  total: 500 * 2 ** 20,
  goMod: 16 * 2 ** 20,
  license: 16 * 2 ** 20,
  /** Entries of the archive. This one is ours. */
  files: 200_000,
} as const;

/** What is wrong with a module's zip, in a sentence; `null`: nothing. @param prefix `example.com/m@v1.0.0/`. */
export function objectionToModuleZip(files: readonly NamedFile[], prefix: string): string | null {
  const seen = collisions();
  let left: number = moduleBounds.total;
  for (const file of files) {
    if (!file.name.startsWith(prefix)) return `"${shown(file.name)}" in the zip is not below "${prefix}".`;
    const name = file.name.slice(prefix.length);
    if (name === '') continue;
    const isFolder = name.endsWith('/');
    const path = isFolder ? name.slice(0, -1) : name;
    const objection = objectionToFile(path) ?? (file.isSpecial ? 'is no file, but a link or the like' : null);
    if (objection !== null) return `"${shown(name)}" in the zip ${objection}.`;
    const collision = seen(path, isFolder);
    if (collision !== null) return collision;
    if (isFolder) continue;
    if (/(?:^|\/)go\.mod$/i.test(path) && path !== 'go.mod') {
      return `"${shown(path)}" in the zip: a module has one go.mod, at its top, and in lower case.`;
    }
    left -= file.sizeBytes;
    const tooLong = left < 0 ? tooMuch : objectionToSize(path, file.sizeBytes);
    if (tooLong !== null) return tooLong;
  }
  return null;
}

const tooMuch = `The module unpacks to more than ${moduleBounds.total} bytes.`;

export type Chosen<File> = { readonly files: readonly File[] } | { readonly objection: string };

/**
 * Of the files of a repository, those that belong to the module at its top: without vendored packages, without other modules, and without links.
 * Their names are below the module's own folder.
 */
export function filesOfModule<File extends NamedFile>(all: readonly File[]): Chosen<File> {
  const modules = all.flatMap(({ name, isSpecial }) => {
    const folder = isSpecial ? undefined : /^(.+\/)go\.mod$/i.exec(name)?.[1];
    return folder === undefined ? [] : [folder];
  });
  const others = new Set(modules);
  const seen = collisions();
  const files: File[] = [];
  let left: number = moduleBounds.total;
  for (const file of all) {
    const { name } = file;
    if (name.endsWith('/') || isVendored(name) || isBelow(name, others) || name === '.hg_archival.txt')
      continue;
    const objection = objectionToFile(name);
    if (objection !== null) return { objection: `"${shown(name)}" in the archive ${objection}.` };
    if (name.toLowerCase() === 'go.mod' && name !== 'go.mod') {
      return { objection: `"${shown(name)}" in the archive has to be go.mod, in lower case.` };
    }
    const collision = seen(name, false);
    if (collision !== null) return { objection: collision };
    if (file.isSpecial) continue;
    left -= file.sizeBytes;
    const tooLong = left < 0 ? tooMuch : objectionToSize(name, file.sizeBytes);
    if (tooLong !== null) return { objection: tooLong };
    files.push(file);
  }
  return files.length === 0 ? { objection: 'The archive holds no files of a module.' } : { files };
}

/** Where the go command looks for the end of the first `vendor/` is wrong, and stays so, because sums depend on it (golang.org/issue/37397). */
function isVendored(name: string): boolean {
  if (name.startsWith('vendor/')) return name.slice('vendor/'.length).includes('/');
  return name.includes('/vendor/') && name.slice('/vendor/'.length).includes('/');
}

function isBelow(name: string, folders: ReadonlySet<string>): boolean {
  if (folders.size === 0) return false;
  for (let at = name.lastIndexOf('/'); at >= 0; at = at === 0 ? -1 : name.lastIndexOf('/', at - 1)) {
    if (folders.has(name.slice(0, at + 1))) return true;
  }
  return false;
}

function objectionToSize(name: string, sizeBytes: number): string | null {
  if (name === 'go.mod' && sizeBytes > moduleBounds.goMod)
    return `The go.mod has more than ${moduleBounds.goMod} bytes.`;
  if (name === 'LICENSE' && sizeBytes > moduleBounds.license)
    return `The LICENSE has more than ${moduleBounds.license} bytes.`;
  return null;
}

/** Says when a path cannot stand beside those before it, where a file system does not tell cases apart. */
function collisions(): (path: string, isFolder: boolean) => string | null {
  const known = new Map<string, { readonly path: string; readonly isFolder: boolean }>();
  return function check(path: string, isFolder: boolean): string | null {
    const folded = path.toUpperCase().toLowerCase();
    const other = known.get(folded);
    if (other === undefined) known.set(folded, { path, isFolder });
    else if (other.path !== path)
      return `"${shown(path)}" and "${shown(other.path)}" are the same where cases are not told apart.`;
    else if (other.isFolder !== isFolder) return `"${shown(path)}" is a file and a folder.`;
    else if (!isFolder) return `"${shown(path)}" is there twice.`;
    else return null;
    const slash = path.lastIndexOf('/');
    return slash < 0 ? null : check(path.slice(0, slash), true);
  };
}

/** No more of a name than a message needs. */
function shown(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name).slice(1, -1);
}
