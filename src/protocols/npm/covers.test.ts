import { expect, test } from 'bun:test';
import { coverer } from './covers.ts';

const covers = coverer({ route: 'npm', prefix: '/packages', role: 'pop' });

test('a package is both of its forms and all that is made of it', () => {
  expect(covers('/packages/@acme%2ftools?write=true').map((selector) => Object.values(selector)[1])).toEqual([
    'npm packument/full/@acme/tools',
    'npm packument/abbreviated/@acme/tools',
    'npm index/@acme/tools',
    'npm choices/@acme/tools',
    'npm dist-tags/@acme/tools',
    'npm known/@acme/tools',
    'npm manifest/@acme/tools/',
  ]);
});

test.each([
  ['/packages/lodash/-/lodash-4.17.21.tgz', 'npm tarball/lodash/lodash-4.17.21.tgz'],
  ['/packages/lodash/4.17.21', 'npm manifest/lodash/4.17.21'],
  ['/packages/-/npm/v1/keys', 'npm keys'],
])('%s is one key', (target, key) => {
  expect(covers(target)).toEqual([{ by: 'key', key }]);
});

test.each(['/packages/-/ping', '/packages/-/v1/search?text=a', '/packages/', '/packages/..%2f..'])(
  'nothing is kept of %s',
  (target) => {
    expect(covers(target)).toEqual([]);
  },
);
