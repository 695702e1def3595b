/**
 * Addresses of the GOPROXY protocol (go.dev/ref/mod#goproxy-protocol) and of checksum databases behind it (go.dev/design/25530-sumdb), and
 * what each of them means.
 */
import { escaped, unescaped } from './escape.ts';
import { objectionToFile, objectionToModule } from './module-path.ts';
import { isCanonicalVersion } from './module-version.ts';

export type GoAddress =
  | { readonly of: 'list' | 'latest'; readonly module: string }
  /** `query`: the `.info` of what is no version, but may stand for one: a branch, a commit. */
  | {
      readonly of: 'info' | 'mod' | 'zip' | 'query' | 'source';
      readonly module: string;
      readonly version: string;
    }
  | {
      readonly of: 'sumdb';
      readonly database: string;
      readonly what: 'supported' | 'latest' | 'tile';
      readonly path: string;
    }
  | {
      readonly of: 'lookup';
      readonly database: string;
      readonly module: string;
      readonly version: string;
    };

export type GoPath = GoAddress | { readonly absent: string } | { readonly malformed: string };

/** @param path with its leading slash, as the client wrote it. */
export function readGoPath(path: string): GoPath {
  const text = decoded(path.slice(1));
  if (text === null) return { malformed: 'The address is not well-formed.' };
  if (text.startsWith('sumdb/')) return readSumdb(text.slice('sumdb/'.length));
  const latest = /^(.*)\/@latest$/.exec(text);
  if (latest?.[1] !== undefined) return ofModule(latest[1], (module) => ({ of: 'latest', module }));
  const found = /^(.*?)\/@v\/([^/]*)$/.exec(text);
  if (found === null) return { absent: 'There is nothing at this address: modules are at /<module>/@v/.' };
  const [, module = '', file = ''] = found;
  return ofModule(module, (name) => (file === 'list' ? { of: 'list', module: name } : ofFile(name, file)));
}

/** Where an upstream has it, and this route: below the prefix, without a leading slash. */
export function goPathOf(address: GoAddress): string {
  switch (address.of) {
    case 'list':
      return `${pathOf(address.module)}/@v/list`;
    case 'latest':
      return `${pathOf(address.module)}/@latest`;
    case 'query':
      return `${pathOf(address.module)}/@v/${pathOf(address.version)}.info`;
    case 'sumdb':
      return `sumdb/${address.database}/${address.path}`;
    case 'lookup':
      return `sumdb/${address.database}/lookup/${pathOf(address.module)}@${pathOf(address.version)}`;
    default:
      return `${pathOf(address.module)}/@v/${pathOf(address.version)}.${address.of}`;
  }
}

function pathOf(text: string): string {
  return encodeURI(escaped(text));
}

function decoded(path: string): string | null {
  try {
    const text = decodeURIComponent(path);
    return /[\p{Cc}\\]/u.test(text) ? null : text;
  } catch {
    return null; // a percent sign that stands for nothing, or bytes that are no UTF-8
  }
}

function ofModule(text: string, then: (module: string) => GoPath): GoPath {
  const module = unescaped(text);
  if (module === null)
    return {
      malformed: `"${text}" is not escaped: an upper-case letter is written as ! and the lower-case one.`,
    };
  const objection = objectionToModule(module);
  return objection === null ? then(module) : { malformed: `"${module}" is no module: it ${objection}.` };
}

function ofFile(module: string, file: string): GoPath {
  const found = /^(.+)\.(info|mod|zip|source)$/.exec(file);
  if (found === null) return { absent: 'A version of a module has a .info, a .mod and a .zip.' };
  const [, text = '', extension] = found;
  return ofVersion(text, (version) => {
    const isVersion = isCanonicalVersion(version);
    if (extension === 'info') return { of: isVersion ? 'info' : 'query', module, version };
    if (!isVersion)
      return {
        absent: `${version} is no version that has a .${extension}: its .info says which one it stands for.`,
      };
    return { of: extension === 'mod' || extension === 'zip' ? extension : 'source', module, version };
  });
}

function ofVersion(text: string, then: (version: string) => GoPath): GoPath {
  const version = unescaped(text);
  const objection = version === null ? 'is not escaped' : objectionToFile(version);
  if (version === null || objection !== null || version.length > longestVersion) {
    return { malformed: `"${text}" is no version: it ${objection ?? 'is too long'}.` };
  }
  return then(version);
}

const longestVersion = 256;

function readSumdb(text: string): GoPath {
  const [, database = '', path = ''] = /^([a-z0-9][a-z0-9.-]{0,252})\/(.*)$/.exec(text) ?? [];
  if (path === 'supported' || path === 'latest') return { of: 'sumdb', database, what: path, path };
  if (/^tile\/\d{1,2}\/(?:data|\d{1,2})\/(?:x\d{3}\/){0,5}\d{3}(?:\.p\/[1-9]\d{0,2})?$/.test(path)) {
    return { of: 'sumdb', database, what: 'tile', path };
  }
  const [, module, version] = /^lookup\/([^@]*)@([^@/]*)$/.exec(path) ?? [];
  if (module === undefined || version === undefined) {
    return { absent: 'A checksum database has supported, latest, lookup/ and tile/.' };
  }
  return ofModule(module, (name) =>
    ofVersion(version, (text) => ({ of: 'lookup', database, module: name, version: text })),
  );
}
