import { describe, expect, test } from 'bun:test';
import { exchange } from '../../../test/support/builders.ts';
import type { Mount, Role } from '../../protocol.ts';
import type { Ecosystem, Item, Read } from './ecosystem.ts';
import { itemOf } from './item.ts';
import { namer } from './name.ts';

const json: Item = {
  kind: 'index',
  name: 'left',
  path: 'left/',
  form: 'json',
  ask: [['accept', 'application/json']],
};
const html: Item = {
  kind: 'index',
  name: 'left',
  path: 'left/',
  form: 'html',
  ask: [['accept', 'text/html']],
};
const file: Item = { kind: 'file', name: 'left', path: 'left/left-1.0.tgz', version: '1.0', isFile: true };
const config: Item = { kind: 'config', name: null, path: 'config.json', isRendered: true };

const choose = (accept: string | null) => {
  if (accept === null || accept.includes('json')) return json;
  return accept.includes('html') ? html : null;
};

function read(path: string): Read {
  switch (path) {
    case '/left/':
      return { as: 'forms', forms: [json, html], choose };
    case '/left/left-1.0.tgz':
      return { as: 'item', item: file };
    case '/config.json':
      return { as: 'item', item: config };
    case '/search':
      return { as: 'pass', what: 'search', name: null };
    case '/../x':
      return { as: 'malformed', why: 'That leads out of the registry.' };
    default:
      return { as: 'absent', why: 'There is nothing here.' };
  }
}

const toy: Ecosystem = {
  id: 'toy',
  title: 'Toys',
  read,
  write: (method, path) => {
    if (method === 'PUT')
      return { as: 'change', what: 'upload', action: 'publish', name: path.slice(1), bringsBlob: true };
    return method === 'POST'
      ? { as: 'change', what: 'upload', action: 'publish', name: null, bringsBlob: true }
      : null;
  },
  pull: () => Promise.reject(new Error('nobody pulls here')),
  order: {
    isVersion: () => true,
    compare: () => 0,
    isPrerelease: () => false,
    canonical: (version) => version,
    basisOf: () => null,
  },
  advisories: null,
  canonical: (name) => name,
  guides: () => [],
};

function named(
  target: string,
  { role = 'pop', method = 'GET', accept }: { role?: Role; method?: string; accept?: string } = {},
) {
  const mount: Mount = { route: 'toys', prefix: '/t', role };
  const naming = {
    route: 'toys',
    ecosystem: toy,
    metadata: { freshS: 60 },
    isRestricted: (name: string) => name === 'left',
    livesHere: (name: string) => name === 'left',
  };
  const headers = new Headers(accept === undefined ? {} : { accept });
  return namer(mount, toy, naming)(exchange({ target: `/t${target}`, method, headers }));
}

describe('what is read', () => {
  test('is named by its canonical address, with the tags that purges go by', () => {
    const resource = named('/left/left-1.0.tgz');
    expect(resource).toMatchObject({
      key: 'toys file/left/left-1.0.tgz',
      tags: ['toy', 'toy:left'],
      isDownload: true,
    });
    expect(resource.as === 'resource' && itemOf(resource)).toBe(file);
  });

  test('comes in the form that the client likes, or not at all', () => {
    expect(named('/left/')).toMatchObject({ key: 'toys index/left/ json', isRestricted: true });
    expect(named('/left/', { accept: 'text/html' })).toMatchObject({
      key: 'toys index/left/ html',
      tags: ['toy', 'toy:left', 'toy-index:left'],
    });
    expect(named('/left/', { accept: 'image/png' })).toMatchObject({ as: 'answer', status: 406 });
  });

  test('has the address of a PoP’s own clients in its key there, and nowhere else', () => {
    expect(named('/config.json')).toMatchObject({
      key: expect.stringMatching(/^toys config\/config\.json {2}https?:\/\/.*\/t$/),
    });
    expect(named('/config.json', { role: 'origin' })).toMatchObject({
      key: 'toys config/config.json',
      rendered: false,
    });
  });

  test('is refused where the address is none', () => {
    expect(named('/nothing')).toMatchObject({ as: 'refusal', error: { code: 'not-found' } });
    expect(named('/../x')).toMatchObject({ as: 'refusal', error: { code: 'request-malformed' } });
    expect(named('/search')).toMatchObject({
      as: 'pass',
      why: 'bypass',
      deed: { action: 'read', subject: '' },
    });
  });
});

describe('what is written', () => {
  test('needs the right to it, which the PoP looks at where the address names the package', () => {
    expect(named('/left', { method: 'PUT' })).toMatchObject({
      ...{ as: 'pass', kind: 'upload', bringsBlob: true },
      deed: { action: 'publish', subject: 'left' },
    });
    expect(named('/', { method: 'POST' })).toMatchObject({ as: 'pass', audience: 'account' });
  });

  test('is refused where the ecosystem knows no such method', () => {
    expect(named('/left', { method: 'DELETE' })).toMatchObject({
      ...{ as: 'refusal', error: { code: 'method-not-allowed' } },
    });
  });
});
