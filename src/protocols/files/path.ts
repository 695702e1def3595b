/**
 * Paths of files. Each file has one path, however a client writes it: percent-encoding is undone and done again (RFC 3986 §6.2.2), and no
 * segment leads out of the tree.
 */

export type ReadPath =
  | { readonly kind: 'file'; readonly path: string }
  /** With its slash at the end; empty at the root. */
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'malformed'; readonly why: string };

/** UTF-16 units of a path, percent-encoded: it is a part of keys. */
const longestPath = 600;

/** @param path with its leading slash. */
export function readPath(path: string): ReadPath {
  const segments = path.slice(1).split('/');
  const last = segments.at(-1) ?? '';
  const inner = last === '' ? segments.slice(0, -1) : segments;
  const canonical: string[] = [];
  for (const segment of inner) {
    const decoded = decode(segment);
    if (decoded === null) return malformed('The path is not percent-encoded UTF-8.');
    if (decoded === '' || decoded === '.' || decoded === '..')
      return malformed('A segment of the path is empty, or leads to another folder.');
    if (/[/\\\p{Cc}\p{Cs}]/u.test(decoded))
      return malformed('A segment of the path holds a slash, a backslash or a control character.');
    canonical.push(encode(decoded));
  }
  const joined = canonical.join('/');
  if (joined.length > longestPath) return malformed(`The path is longer than ${longestPath} characters.`);
  if (last !== '') return { kind: 'file', path: joined };
  return { kind: 'folder', path: joined === '' ? '' : `${joined}/` };
}

/** The folders that a file is in, from the root (empty) down, each with its slash. */
export function foldersOf(path: string): readonly string[] {
  const folders = [''];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    folders.push(path.slice(0, at + 1));
  return folders;
}

/** As people read it. */
export function shown(path: string): string {
  return decode(path) ?? path;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Unreserved characters stand for themselves, as do those that paths may hold anyway. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/%(?:2B|40|3A|3D|2C|24)/g, (escaped) =>
    decodeURIComponent(escaped),
  );
}

function malformed(why: string): ReadPath {
  return { kind: 'malformed', why };
}
