/**
 * Addresses of a registry of crates: its sparse index (doc.rust-lang.org/cargo/reference/registry-index.html#sparse-protocol) and its web API
 * (registry-web-api.html), side by side below the same prefix.
 */
import { canonicalCrate, indexPathOf, objectionToCrate } from './name.ts';
import { versions } from './version.ts';

export type CargoAddress =
  | { readonly of: 'config' | 'search' | 'new' | 'login' }
  | { readonly of: 'index' | 'owners'; readonly name: string }
  | { readonly of: 'crate' | 'yank' | 'unyank'; readonly name: string; readonly version: string };

export type CargoPath = CargoAddress | { readonly absent: string } | { readonly malformed: string };

const api = '/api/v1/crates';

/** @param path with its leading slash, as the client wrote it. Names come in canonical form. */
export function readCargoPath(path: string): CargoPath {
  if (path === '/config.json') return { of: 'config' };
  if (path === '/me') return { of: 'login' };
  if (path === api) return { of: 'search' };
  if (path === `${api}/new`) return { of: 'new' };
  return path.startsWith(`${api}/`) ? readApi(path.slice(api.length + 1)) : readIndex(path);
}

/** Below the prefix, without a leading slash. */
export function cratePathOf(name: string, version: string): string {
  return `${api.slice(1)}/${name}/${encodeURI(version)}/download`;
}

/** What `dl` in a `config.json` begins with: cargo adds `/{crate}/{version}/download`. */
export const downloads = api;

function readApi(rest: string): CargoPath {
  const [crate = '', second = '', third, ...more] = rest.split('/').map(decoded);
  const name = readName(crate);
  if (typeof name !== 'string') return name;
  if (second === 'owners' && third === undefined) return { of: 'owners', name };
  const isOther = third !== 'download' && third !== 'yank' && third !== 'unyank';
  if (isOther || more.length > 0) return { absent: 'The API of a registry has nothing at this address.' };
  if (!versions.isVersion(second))
    return { malformed: `${JSON.stringify(second)} is no version of a crate.` };
  return { of: third === 'download' ? 'crate' : third, name, version: second };
}

function readIndex(path: string): CargoPath {
  const segments = path.slice(1).split('/').map(decoded);
  const last = segments.at(-1) ?? '';
  if (segments.length < 2 || segments.length > 3) return nothingHere;
  const name = readName(last);
  if (typeof name !== 'string') return name;
  return indexPathOf(name) === segments.join('/').toLowerCase() ? { of: 'index', name } : nothingHere;
}

const nothingHere = {
  absent: 'There is nothing at this address: the index of a crate is at /<its first letters>/<its name>.',
};

function readName(text: string): string | { readonly malformed: string } {
  const objection = objectionToCrate(text);
  return objection === null
    ? canonicalCrate(text)
    : { malformed: `${JSON.stringify(text.slice(0, 100))} is no name of a crate: it ${objection}.` };
}

/** What stands for nothing stays as it is, and is then no name. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
