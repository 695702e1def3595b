/** What addresses of a route for gems mean: those that `gem` and Bundler ask for, and those that push. */
import type { Item, Read, Write } from '../registry/ecosystem.ts';
import { isGemName, readFullName } from './file-name.ts';

const none = (why: string): Read => ({ as: 'malformed', why });

/** What lives here alone, with what only some may read, for a source of its own in a Gemfile. */
const ownView = '/private';

/** The lists of all there is for old clients, and for searches by name. */
const lists: ReadonlySet<string> = new Set(['specs', 'latest_specs', 'prerelease_specs']);

const versionsItem: Item = { kind: 'versions', name: null, path: 'versions' };
const namesItem: Item = { kind: 'names', name: null, path: 'names' };

export function infoItem(name: string): Item {
  return { kind: 'info', name, path: `info/${name}` };
}

/** The same with what the policy takes out of it: nobody can ask for it. */
export function factsItem(name: string): Item {
  return { kind: 'facts', name, path: `facts/${name}` };
}

function gemItem(file: string): Item | null {
  const build = file.endsWith('.gem') ? readFullName(file.slice(0, -4)) : null;
  if (build === null) return null;
  return { kind: 'gem', name: build.name, path: `gems/${file}`, version: build.version, isFile: true };
}

function specItem(file: string): Item | null {
  const build = file.endsWith('.gemspec.rz') ? readFullName(file.slice(0, -11)) : null;
  if (build === null) return null;
  const path = `quick/Marshal.4.8/${file}`;
  return { kind: 'gemspec', name: build.name, path, version: build.version, isFile: true };
}

export function readAddress(path: string, query: string): Read {
  const isOwn = path.startsWith(`${ownView}/`);
  const decoded = decode(isOwn ? path.slice(ownView.length) : path);
  if (decoded === null) return none('The address is not properly encoded.');
  if (isOwn && decoded === '/versions') return { as: 'pass', what: 'own-versions', name: null };
  if (isOwn && decoded === '/names') return { as: 'pass', what: 'own-names', name: null };
  return readDecoded(decoded, query);
}

function readDecoded(path: string, query: string): Read {
  if (path === '/') return found; // `gem` asks whether there is a compact index
  if (path === '/versions') return { as: 'item', item: versionsItem };
  if (path === '/names') return { as: 'item', item: namesItem };
  if (path.startsWith('/api/')) return readApi(path, query);
  const [, folder = '', rest = ''] = /^\/(info|gems|quick\/Marshal\.4\.8)\/(.*)$/s.exec(path) ?? [];
  if (folder === 'info')
    return isGemName(rest) ? { as: 'item', item: infoItem(rest) } : none('No gem can be called that.');
  const list = /^\/([a-z_]+)\.4\.8\.gz$/.exec(path)?.[1];
  if (list !== undefined && lists.has(list))
    return { as: 'item', item: { kind: 'specs', name: null, path: `${list}.4.8.gz` } };
  if (folder === '') return { as: 'absent', why: 'There is nothing at this address of a route for gems.' };
  const item = folder === 'gems' ? gemItem(rest) : specItem(rest);
  return item === null ? none('That is no name of a gem’s file.') : { as: 'item', item };
}

const found: Read = {
  ...{ as: 'answer', kind: 'root', status: 200, type: 'text/plain; charset=utf-8' },
  body: 'A source of gems. Point `gem` or Bundler here.\n',
};

const goneByNow: Read = {
  ...{ as: 'answer', kind: 'dependencies', status: 404, type: 'text/plain; charset=utf-8' },
  body: 'This API has been switched off, here as at its home: Bundler 1.12 and later use the compact index (/versions, /info).\n',
};

function readApi(path: string, query: string): Read {
  if (path === '/api/v1/dependencies' || path === '/api/v1/dependencies.json') return goneByNow;
  const owners = /^\/api\/v1\/gems\/([^/]+)\/owners\.(?:json|yaml)$/.exec(path)?.[1];
  if (owners !== undefined) return passed('owners', owners);
  if (path === '/api/v1/search.json') return { as: 'pass', what: 'search', name: null };
  if (path === '/api/v1/api_key') return { as: 'pass', what: 'log-in', name: null, isLogIn: true };
  const about =
    /^\/api\/v1\/(?:gems|versions|dependencies)\/(.+?)(?:\/latest|\/reverse_dependencies)?\.(?:json|yaml)$/.exec(
      path,
    )?.[1] ?? /^\/api\/v2\/rubygems\/([^/]+)\/versions\/[^/]+\.(?:json|yaml)$/.exec(path)?.[1];
  if (about !== undefined) return passed('about', about);
  return {
    as: 'absent',
    why: `This network does not offer that part of the API${query === '' ? '' : ' of gems'}.`,
  };
}

function passed(what: string, name: string): Read {
  return isGemName(name) ? { as: 'pass', what, name } : none('No gem can be called that.');
}

/** Which gem it is about stands in what comes along, but for owners. */
export function writeAddress(method: string, path: string): Write | null {
  const change = { as: 'change', action: 'publish', name: null, bringsBlob: false } as const;
  if (method === 'POST' && path === '/api/v1/api_key')
    return { ...change, what: 'log-in', action: 'read', isLogIn: true };
  if (method === 'POST' && path === '/api/v1/gems') return { ...change, what: 'push', bringsBlob: true };
  if (method === 'DELETE' && path === '/api/v1/gems/yank') return { ...change, what: 'yank' };
  const owned = /^\/api\/v1\/gems\/([^/]+)\/owners(?:\.(?:json|yaml))?$/.exec(decode(path) ?? '')?.[1];
  if (owned !== undefined && (method === 'POST' || method === 'DELETE')) {
    if (!isGemName(owned)) return { as: 'malformed', why: 'No gem can be called that.' };
    return { ...change, what: 'owner', action: 'admin', name: owned };
  }
  return null;
}

/** `null`: it is not properly encoded, or means to leave the tree. */
function decode(path: string): string | null {
  try {
    const decoded = decodeURIComponent(path);
    return /[\0-\x1f\x7f\\]|\/\.{0,2}\/|\/\.{1,2}$/.test(decoded) ? null : decoded;
  } catch {
    return null; // a percent sign that begins nothing
  }
}
