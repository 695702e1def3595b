/** Folders that live here, as lists: for people, and as NGINX's `autoindex_format json` writes them, which programs read. */
import { findFile, findPackage, namesOf, type Reading } from '../registry/hosted/find.ts';
import { shown } from './path.ts';

export interface Entry {
  /** A segment, percent-encoded; of a folder with its slash. */
  readonly name: string;
  readonly isFolder: boolean;
  /** ms since the epoch; `null` of a folder. */
  readonly changedMs: number | null;
  readonly sizeBytes: number | null;
}

/** Entries of one list. More are not told. */
export const mostEntries = 10_000;

/** The version that every file has: a path holds one file at a time. */
export const onlyVersion = 'current';

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `null`: there is no such folder. @param folder with its slash; empty: the root. */
export async function entriesOf(
  at: Reading,
  folder: string,
  mayTell: (path: string) => boolean,
): Promise<readonly Entry[] | null> {
  const entries: Entry[] = [];
  let after: string | undefined = folder === '' ? undefined : folder;
  for (;;) {
    const path = await nextBelow(at, folder, after);
    if (path === null) break;
    if (entries.length >= mostEntries) break;
    const rest = path.slice(folder.length);
    const slash = rest.indexOf('/');
    if (slash === -1) {
      if (mayTell(path)) entries.push(await fileAt(at, path));
      after = path;
      continue;
    }
    const name = rest.slice(0, slash + 1);
    if (mayTell(folder + name)) entries.push({ name, isFolder: true, changedMs: null, sizeBytes: null });
    // All that is in it is passed over at once.
    after = `${folder}${name}\u{10ffff}`;
  }
  return entries.length === 0 && folder !== '' ? null : entries;
}

async function nextBelow(at: Reading, folder: string, after: string | undefined): Promise<string | null> {
  for await (const path of namesOf(at, after)) {
    if (!path.startsWith(folder)) return null;
    // What was taken away leaves the name of its package, without a file.
    const known = await findPackage(at, path);
    if (known !== null && known.versions > 0) return path;
  }
  return null;
}

async function fileAt(at: Reading, path: string): Promise<Entry> {
  const found = await findFile(at, path, nameOf(path), onlyVersion);
  const { uploadedMs = null, sizeBytes = null } = found ?? {};
  return { name: nameOf(path), isFolder: false, changedMs: uploadedMs, sizeBytes };
}

export function asJson(entries: readonly Entry[]): string {
  const told = entries.map(({ name, isFolder, changedMs, sizeBytes }) => ({
    name: shown(isFolder ? name.slice(0, -1) : name),
    type: isFolder ? 'directory' : 'file',
    ...(changedMs !== null && { mtime: new Date(changedMs).toUTCString() }),
    ...(sizeBytes !== null && { size: sizeBytes }),
  }));
  return `${JSON.stringify(told, null, 1)}\n`;
}

export function asHtml(folder: string, entries: readonly Entry[]): string {
  const title = `/${escaped(shown(folder))}`;
  const rows = entries.map(({ name, changedMs, sizeBytes }) => {
    const changed =
      changedMs === null ? '' : new Date(changedMs).toISOString().slice(0, 16).replace('T', ' ');
    return `<tr><td><a href="${escaped(name)}">${escaped(shown(name))}</a></td><td>${changed}</td><td>${sizeBytes ?? ''}</td></tr>`;
  });
  const up = folder === '' ? '' : '<tr><td><a href="../">../</a></td><td></td><td></td></tr>\n';
  return `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>\n<body><h1>${title}</h1>\n<table><tr><th>Name</th><th>Changed (UTC)</th><th>Bytes</th></tr>\n${up}${rows.join('\n')}\n</table></body></html>\n`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
