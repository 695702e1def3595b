import { describe, expect, test } from 'bun:test';
import { pomOf } from '../../../test/support/maven-repository.ts';
import { grow } from '../../../test/support/tree.ts';
import type { Doing } from '../../foresight.ts';
import { mavenForesight } from './foresight.ts';
import { itemOf } from './items.ts';
import { fileOf } from './place.ts';

const fresh: Doing = { asked: () => 0 };
const maven38 = 'Apache-Maven/3.8.7 (Java 17.0.15; Linux 6.1)';
const maven39 = 'Apache-Maven/3.9.9 (Java 21.0.1; Linux 6.1)';

const dependency = (name: string, said = '') => {
  const [artifact, number] = name.split(':');
  const at = number === undefined ? '' : `<version>${number}</version>`;
  return `<dependency><groupId>g</groupId><artifactId>${artifact}</artifactId>${at}${said}</dependency>`;
};
const needs = (...all: readonly string[]) => `<dependencies>${all.join('')}</dependencies>`;
const manages = (...all: readonly string[]) =>
  `<dependencyManagement>${needs(...all)}</dependencyManagement>`;
const parent = (name: string) => {
  const [artifact, number] = name.split(':');
  return `<parent><groupId>g</groupId><artifactId>${artifact}</artifactId><version>${number}</version></parent>`;
};
const itemAt = (artifact: string, version: string, extension = 'pom') =>
  itemOf(fileOf({ group: 'g', artifact }, version, extension));

/** What is foreseen of `top:1`, as the names of files. @param poms inside of `<project>`, by artifact and version. */
async function foreseen(poms: Readonly<Record<string, string>>, userAgent = maven39) {
  const foresight = mavenForesight();
  const beginning = foresight.begins(itemAt('top', '1'), new Headers({ 'user-agent': userAgent }), fresh);
  if (beginning === null) throw new Error('nothing begins');
  const grown = await grow(foresight, beginning, (path) => {
    const [, artifact = '', version = ''] = path.split('/');
    const pom = poms[`${artifact}:${version}`];
    return pom === undefined ? null : pomOf('g', artifact, version, pom);
  });
  return { ...grown, files: grown.paths.map((path) => path.split('/').at(-1)) };
}

describe('what is foreseen of a POM', () => {
  test('is what it inherits from, what it needs, and then the artifacts', async () => {
    const { files } = await foreseen({
      'top:1': `${parent('base:2')}${needs(dependency('left:${left}'), dependency('right'))}`,
      'base:2': `<packaging>pom</packaging><properties><left>3</left></properties>${manages(dependency('right:4'))}`,
      ...{ 'left:3': '', 'right:4': needs(dependency('far:5', '<scope>runtime</scope>')), 'far:5': '' },
    });
    expect(files).toEqual([
      ...['top-1.pom', 'base-2.pom', 'left-3.pom', 'right-4.pom', 'far-5.pom'],
      ...['top-1.jar', 'left-3.jar', 'right-4.jar', 'far-5.jar'],
    ]);
  });

  test('has the checksum of each where Maven asks for it', async () => {
    const { files } = await foreseen({ 'top:1': '' }, maven38);
    expect(files).toEqual(['top-1.pom', 'top-1.pom.sha1', 'top-1.jar', 'top-1.jar.sha1']);
  });

  test('has what is imported', async () => {
    const imported = '<type>pom</type><scope>import</scope>';
    const { files } = await foreseen({
      'top:1': `${manages(dependency('bom:2', imported), dependency('right:9'))}${needs(dependency('left'), dependency('right'))}`,
      'bom:2': `<packaging>pom</packaging>${manages(dependency('left:3'), dependency('right:3'), dependency('bom:2', imported))}`,
      ...{ 'left:3': '', 'right:9': '' },
    });
    expect(files).toEqual([
      'top-1.pom',
      'bom-2.pom',
      'left-3.pom',
      'right-9.pom',
      'top-1.jar',
      'left-3.jar',
      'right-9.jar',
    ]);
  });

  test('has neither what is for tests, optional or provided, nor what is excluded below', async () => {
    const exclusion =
      '<exclusions><exclusion><groupId>g</groupId><artifactId>out</artifactId></exclusion></exclusions>';
    const { files } = await foreseen({
      'top:1': needs(
        dependency('tests:1', '<scope>test</scope>'),
        dependency('given:1', '<scope>provided</scope>'),
        dependency('maybe:1', '<optional>true</optional>'),
        dependency('mid:1', exclusion),
      ),
      'mid:1': needs(dependency('low:1')),
      'low:1': needs(dependency('out:1')),
    });
    expect(files).toEqual(['top-1.pom', 'mid-1.pom', 'low-1.pom', 'top-1.jar', 'mid-1.jar', 'low-1.jar']);
  });

  test('has of several versions the POMs, and the artifact of the nearest', async () => {
    const { files } = await foreseen({
      'top:1': needs(dependency('mid:1'), dependency('leaf:2')),
      'mid:1': needs(dependency('leaf:1')),
      ...{ 'leaf:1': '', 'leaf:2': '' },
    });
    expect(files.filter((file) => file?.startsWith('leaf')).sort()).toEqual([
      'leaf-1.pom',
      'leaf-2.jar',
      'leaf-2.pom',
    ]);
  });

  test('has of a parent what that inherits, and of a plugin its artifact first', async () => {
    const one = await foreseen({
      'top:1': `<packaging>pom</packaging>${parent('base:2')}${needs(dependency('left:1'))}`,
      'base:2': '',
    });
    expect(one.files).toEqual(['top-1.pom', 'base-2.pom']);
    const plugin = await foreseen({
      'top:1': `<packaging>maven-plugin</packaging>${needs(dependency('left:1'))}`,
      'left:1': '',
    });
    expect(plugin.files).toEqual(['top-1.pom', 'top-1.jar', 'left-1.pom', 'left-1.jar']);
  });

  test('follows what has moved, and ends with what leads to itself or cannot be read', async () => {
    const moved = (artifact: string) =>
      `<distributionManagement><relocation><artifactId>${artifact}</artifactId></relocation></distributionManagement>`;
    expect((await foreseen({ 'top:1': moved('new'), 'new:1': needs(dependency('left:1')) })).files).toContain(
      'left-1.pom',
    );
    expect((await foreseen({ 'top:1': moved('top') })).files).toEqual(['top-1.pom']);
    expect((await foreseen({ 'top:1': needs(dependency('top:1')) })).files).toEqual([
      'top-1.pom',
      'top-1.jar',
    ]);
    expect((await foreseen({ 'top:1': '</project>' })).files).toEqual([]);
    expect(
      (
        await foreseen({
          'top:1': `<properties><a>\${b}</a><b>\${a}</b></properties>${needs(dependency('left:${a}'))}`,
        })
      ).files,
    ).toEqual(['top-1.pom', 'top-1.jar']);
  });
});

test('only POMs of releases begin something, and only for clients that are known', () => {
  const { begins } = mavenForesight();
  const headers = new Headers({ 'user-agent': maven39 });
  expect(begins(itemAt('top', '1'), headers, fresh)?.about).toEqual({ client: 'maven' });
  expect(
    begins(itemAt('top', '1'), new Headers({ 'user-agent': 'Gradle/8.5 (Linux;6.1;amd64)' }), fresh)?.about,
  ).toEqual({ client: 'gradle' });
  expect(begins(itemAt('top', '1', 'jar'), headers, fresh)).toBeNull();
  expect(begins(itemAt('top', '1-SNAPSHOT'), headers, fresh)).toBeNull();
  expect(begins(itemAt('top', '1'), new Headers(), fresh)).toBeNull();
});
