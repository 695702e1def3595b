/** What addresses of a route for NuGet mean. Clients learn all but the first of them from the service index. */
import type { Item, Read, Write } from '../registry/ecosystem.ts';
import { isPackageId, lowerId, lowerVersion, manifestFile, packageFile } from './name.ts';

export const places = {
  service: '/v3/index.json',
  flat: '/v3/flat',
  registration: '/v3/registration',
  search: '/v3/query',
  autocomplete: '/v3/autocomplete',
  publish: '/api/v2/package',
  symbols: '/api/v2/symbolpackage',
  vulnerabilities: '/v3/vulnerabilities',
  signatures: '/v3/repository-signatures',
} as const;

export const serviceItem: Item = {
  ...{ kind: 'service', name: null, path: 'v3/index.json' },
  ...{ isRendered: true, isText: true },
};

export function flatItem(id: string): Item {
  return { kind: 'versions', name: id, path: `v3/flat/${id}/index.json`, isText: true };
}

export function packageItem(id: string, version: string): Item {
  const path = `v3/flat/${id}/${version}/${packageFile(id, version)}`;
  return { kind: 'package', name: id, path, version, isFile: true };
}

export function registrationItem(id: string): Item {
  return {
    kind: 'registration',
    name: id,
    path: `v3/registration/${id}/index.json`,
    isRendered: true,
    isText: true,
  };
}

/** The digest of one version, where the upstream says it: nobody can ask for it. */
export function digestItem(id: string, version: string): Item {
  return { kind: 'digest', name: id, path: `digest/${id}/${version}`, version };
}

const broken = (why: string): Read => ({ as: 'malformed', why });

export function readAddress(path: string, query: string): Read {
  const decoded = decode(path);
  if (decoded === null) return broken('The address is not properly encoded.');
  if (decoded === '/' || decoded === '/index.json' || decoded === places.service)
    return { as: 'item', item: serviceItem };
  if (decoded === places.search) return { as: 'pass', what: 'search', name: null };
  if (decoded === places.autocomplete) return passedCompletion(query);
  const below = (place: string) => (decoded.startsWith(`${place}/`) ? decoded.slice(place.length + 1) : null);
  const shared = below(places.vulnerabilities) ?? below(places.signatures);
  if (shared !== null) return readShared(decoded, shared);
  const flat = below(places.flat);
  if (flat !== null) return readFlat(flat);
  const registration = below(places.registration);
  if (registration !== null) return readRegistration(registration);
  if (decoded.startsWith('/api/v2') || decoded.startsWith('/nuget'))
    return {
      as: 'absent',
      why: `This is a source of version 3 of the protocol: its address ends with ${places.service}.`,
    };
  return { as: 'absent', why: 'There is nothing at this address of a route for NuGet.' };
}

function readFlat(rest: string): Read {
  const [id = '', second = '', file = '', ...more] = rest.split('/');
  if (!isPackageId(id)) return broken('No package can be called that.');
  const name = lowerId(id);
  if (second === 'index.json' && file === '') return { as: 'item', item: flatItem(name) };
  const version = lowerVersion(second);
  if (version === null || more.length > 0) return broken('That is no version of a package.');
  const wanted = file.toLowerCase();
  const base = { name, version, isFile: true } as const;
  const of = (kind: string): Read => ({
    as: 'item',
    item: { ...base, kind, path: `v3/flat/${name}/${version}/${wanted}` },
  });
  if (wanted === `${name}.${second.toLowerCase()}.nupkg` || wanted === packageFile(name, version))
    return { as: 'item', item: packageItem(name, version) };
  if (wanted === manifestFile(name)) return of('manifest');
  if (wanted === 'readme') return of('readme');
  return { as: 'absent', why: `A version has a package and a manifest, and no ${wanted.slice(0, 80)}.` };
}

function readRegistration(rest: string): Read {
  const [id = '', second = '', lower = '', upper = '', ...more] = rest.split('/');
  if (!isPackageId(id)) return broken('No package can be called that.');
  const name = lowerId(id);
  if (second === 'index.json' && lower === '') return { as: 'item', item: registrationItem(name) };
  const base = { name, isRendered: true, isText: true } as const;
  if (second === 'page') {
    const [from, to] = [
      lowerVersion(lower),
      upper.endsWith('.json') ? lowerVersion(upper.slice(0, -5)) : null,
    ];
    if (from === null || to === null || more.length > 0) return broken('That is no page of a package.');
    const path = `v3/registration/${name}/page/${from}/${to}.json`;
    return { as: 'item', item: { ...base, kind: 'registration-page', path } };
  }
  const version = second.endsWith('.json') && lower === '' ? lowerVersion(second.slice(0, -5)) : null;
  if (version === null) return broken('That is no version of a package.');
  const path = `v3/registration/${name}/${version}.json`;
  return { as: 'item', item: { ...base, kind: 'registration-leaf', path, version } };
}

/** What is about all packages, and comes from the upstream that all packages come from. */
function readShared(path: string, rest: string): Read {
  if (!/^[\w.-]{1,80}\.json$/.test(rest)) return { as: 'absent', why: 'There is no such document.' };
  const kind = path.startsWith(places.signatures) ? 'signatures' : 'vulnerabilities';
  return { as: 'item', item: { kind, name: null, path: path.slice(1), isRendered: true, isText: true } };
}

function passedCompletion(query: string): Read {
  const id = new URLSearchParams(query).get('id');
  if (id === null) return { as: 'pass', what: 'autocomplete', name: null };
  return isPackageId(id)
    ? { as: 'pass', what: 'autocomplete', name: lowerId(id) }
    : broken('No package can be called that.');
}

export function writeAddress(method: string, path: string): Write | null {
  const decoded = decode(path) ?? '';
  const change = { as: 'change', action: 'publish', name: null, bringsBlob: false } as const;
  if (decoded.startsWith(places.symbols)) return { ...change, what: 'symbols' };
  if (!decoded.startsWith(places.publish)) return null;
  const [id = '', version = '', ...more] = decoded
    .slice(places.publish.length)
    .split('/')
    .filter((part) => part !== '');
  if (id === '')
    return method === 'PUT' || method === 'POST' ? { ...change, what: 'push', bringsBlob: true } : null;
  if (method !== 'DELETE' && method !== 'POST') return null;
  if (!isPackageId(id) || lowerVersion(version) === null || more.length > 0)
    return { as: 'malformed', why: 'This names a package and its version.' };
  return { ...change, what: method === 'DELETE' ? 'unlist' : 'relist', name: lowerId(id) };
}

/** Package and version in the address of what is unlisted. */
export function namedIn(path: string): { readonly id: string; readonly version: string } {
  const [id = '', version = ''] = (decode(path) ?? '').slice(places.publish.length + 1).split('/');
  return { id: lowerId(id), version: lowerVersion(version) ?? '' };
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
