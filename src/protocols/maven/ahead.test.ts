import { expect, test } from 'bun:test';
import { foresee, needs } from './ahead.ts';
import { itemOf } from './items.ts';
import { fileOf } from './place.ts';

const lib = { group: 'com.acme', artifact: 'lib' };
const bytesOf = (text: string) => new TextEncoder().encode(text);
const pomOf = (more: string) =>
  bytesOf(
    `<project><groupId>com.acme</groupId><artifactId>lib</artifactId><version>1.0</version>${more}</project>`,
  );
const dependency = (artifact: string, more: string) =>
  `<dependency><groupId>org.x</groupId><artifactId>${artifact}</artifactId>${more}</dependency>`;
const parent = '<parent><groupId>com.acme</groupId><artifactId>up</artifactId><version>7</version></parent>';

test('a POM leads to its parent, its artifact, and what it needs when it runs', () => {
  const body = pomOf(
    `${parent}<dependencies>${[
      dependency('used', '<version>2.0</version>'),
      dependency('tested', '<version>2.0</version><scope>test</scope>'),
      dependency('extra', '<version>2.0</version><optional>true</optional>'),
      dependency('managed', ''),
      dependency('unknown', '<version>${of.the.parent}</version>'),
      dependency('moving', '<version>3-SNAPSHOT</version>'),
      dependency('../evil', '<version>1</version>'),
    ].join('')}</dependencies>`,
  );
  const next = foresee(itemOf(fileOf(lib, '1.0', 'pom')), body);
  expect(next.map(({ path }) => path)).toEqual([
    'com/acme/up/7/up-7.pom',
    'com/acme/lib/1.0/lib-1.0.jar',
    'org/x/used/2.0/used-2.0.pom',
  ]);
});

test('nothing follows from a jar, from what is no POM, or from a snapshot', () => {
  expect(foresee(itemOf(fileOf(lib, '1.0', 'jar')), pomOf(''))).toEqual([]);
  expect(foresee(itemOf(fileOf(lib, '1.0', 'pom')), bytesOf('<html>'))).toEqual([]);
  expect(foresee(itemOf(fileOf(lib, '1-SNAPSHOT', 'pom')), pomOf(''))).toEqual([]);
});

test('a version needs its POM, those that it inherits from, its artifact, and the checksums that there are', async () => {
  const there = new Map<string, Uint8Array>([
    ['/com/acme/lib/1.0/lib-1.0.pom', pomOf(`${parent}<packaging>war</packaging>`)],
    ['/com/acme/lib/1.0/lib-1.0.pom.sha1', bytesOf('x')],
    // A parent that names itself does not go on for ever.
    [
      '/com/acme/up/7/up-7.pom',
      bytesOf(`<project>${parent}<artifactId>up</artifactId><packaging>pom</packaging></project>`),
    ],
  ]);
  const reader = { read: async (path: string) => there.get(path) ?? null };
  const wanted = { name: 'com.acme:lib', version: '1.0', integrity: null };
  const paths = new Set((await needs(wanted, reader)).map(({ path }) => path));
  expect([...paths]).toEqual([
    '/com/acme/lib/1.0/lib-1.0.pom',
    '/com/acme/lib/1.0/lib-1.0.war',
    '/com/acme/up/7/up-7.pom',
    '/com/acme/lib/1.0/lib-1.0.pom.sha1',
  ]);
  expect(await needs({ ...wanted, name: 'no-coordinates' }, reader)).toEqual([]);
  expect(await needs({ ...wanted, version: '../1' }, reader)).toEqual([]);
});
