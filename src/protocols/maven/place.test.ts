import { describe, expect, test } from 'bun:test';
import { coordinatesOf, fileOf, nameOf, pathOf, readPlace } from './place.ts';

/** What an address is, in a word, and what it is of. */
function told(path: string): string {
  const read = readPlace(path);
  if ('absent' in read) return `absent: ${read.absent}`;
  if ('malformed' in read) return `malformed: ${read.malformed}`;
  const { place } = read;
  const what = place.of === 'checksum' ? place.what : place;
  const by = place.of === 'checksum' ? ` ${place.by}` : '';
  if (what.of === 'list') return `list ${nameOf(what)}${by}`;
  if (what.of === 'builds') return `builds ${nameOf(what)} ${what.version}${by}`;
  const build = what.build === undefined ? '' : what.build === null ? ' last' : ` build ${what.build.number}`;
  return `${nameOf(what)} ${what.version} [${what.classifier}] ${what.extension}${build}${by}`;
}

describe('an address says', () => {
  test('which file of which release it is', () => {
    expect(told('/com/acme/lib/1.0/lib-1.0.jar')).toBe('com.acme:lib 1.0 [] jar');
    expect(told('/junit/junit/4.13.2/junit-4.13.2-sources.jar')).toBe('junit:junit 4.13.2 [sources] jar');
    expect(told('/org/apache/maven/apache-maven/3.8.7/apache-maven-3.8.7-bin.tar.gz')).toBe(
      'org.apache.maven:apache-maven 3.8.7 [bin] tar.gz',
    );
    expect(told('/com/acme/lib_2.13/1.0+1/lib_2.13-1.0+1.pom')).toBe('com.acme:lib_2.13 1.0+1 [] pom');
    expect(told('/com/acme/lib/1.0/lib-1.0.jar.asc')).toBe('com.acme:lib 1.0 [] jar.asc');
    expect(told('/com/acme/acme.gradle.plugin/1/acme.gradle.plugin-1.module')).toBe(
      'com.acme:acme.gradle.plugin 1 [] module',
    );
  });

  test('which build of a snapshot', () => {
    const folder = '/com/acme/lib/1.1-SNAPSHOT';
    expect(told(`${folder}/lib-1.1-20260102.030405-6.jar`)).toBe('com.acme:lib 1.1-SNAPSHOT [] jar build 6');
    expect(told(`${folder}/lib-1.1-20260102.030405-6-tests.jar`)).toBe(
      'com.acme:lib 1.1-SNAPSHOT [tests] jar build 6',
    );
    expect(told(`${folder}/lib-1.1-SNAPSHOT.pom`)).toBe('com.acme:lib 1.1-SNAPSHOT [] pom last');
    expect(told(`${folder}/maven-metadata.xml`)).toBe('builds com.acme:lib 1.1-SNAPSHOT');
    expect(told('/com/acme/lib/1.1.SNAPSHOT/lib-1.1.20260102.030405-6.jar')).toBe(
      'com.acme:lib 1.1.SNAPSHOT [] jar build 6',
    );
    expect(told('/com/acme/lib/SNAPSHOT/lib-20260102.030405-6.jar')).toBe(
      'com.acme:lib SNAPSHOT [] jar build 6',
    );
  });

  test('which list, and which checksum of what', () => {
    expect(told('/com/acme/lib/maven-metadata.xml')).toBe('list com.acme:lib');
    expect(told('/com/acme/lib/maven-metadata.xml.sha512')).toBe('list com.acme:lib sha512');
    expect(told('/com/acme/lib/1.0/lib-1.0.jar.sha1')).toBe('com.acme:lib 1.0 [] jar sha1');
    expect(told('/com/acme/lib/1.0/lib-1.0.jar.asc.md5')).toBe('com.acme:lib 1.0 [] jar.asc md5');
  });

  test('the same whatever of it is percent-encoded, and is written in one way', () => {
    for (const path of ['/com/acme/lib/1.0+1/lib-1.0+1.jar', '/com/acme/l%69b/1.0%2B1/lib-1.0%2b1.jar']) {
      const read = readPlace(path);
      expect('place' in read && pathOf(read.place)).toBe('com/acme/lib/1.0+1/lib-1.0+1.jar');
    }
    const of = { group: 'com.acme', artifact: 'lib' };
    expect(pathOf(fileOf(of, '1.0', 'jar', 'sources'))).toBe('com/acme/lib/1.0/lib-1.0-sources.jar');
  });
});

describe('an address that says nothing', () => {
  test('of a repository is absent', () => {
    for (const path of [
      ...['/', '/com/', '/com/acme/lib/1.0/', '/index.html', '/archetype-catalog.xml', '/a/b.jar'],
      ...['/maven-metadata.xml', '/junit/maven-metadata.xml', '/.index/nexus-maven-repository-index.gz'],
      ...['/.meta/prefixes.txt', '/com/acme/lib/1.0/lib-1.0.jar.sha1.md5'],
    ]) {
      expect(told(path)).toStartWith('absent: ');
    }
  });

  test('and never leads out of the tree, nor to other names than it shows', () => {
    for (const path of [
      ...[
        '/../etc/passwd',
        '/com/acme/../lib/1.0/lib-1.0.jar',
        '/com/acme/%2e%2e/1.0/lib-1.0.jar',
        '/com/./a/b/c',
      ],
      ...[
        '/com/acme/lib/1.0%2flib-1.0.jar',
        '/com/acme//lib/1.0/lib-1.0.jar',
        '/com/acme/lib/1.0/lib-1.0.jar%00',
      ],
      ...[
        '/com/acme/lib/1.0/lib-1.0.jar%0d%0ax',
        '/com/acme/lib/1.0\\lib-1.0.jar',
        '/com/acme/lib/%zz/a',
        '/%ff/a/b/c',
      ],
      ...[
        '/com/acme/lib/${version}/lib-${version}.jar',
        '/com/acme/lib/1.0/lib 1.0.jar',
        '/com/ac:me/lib/1.0/lib-1.0.jar',
      ],
      ...['/com/acme/lib/1.0/other-1.0.jar', '/com/acme/lib/1.0/lib-2.0.jar', '/com/acme/lib/1.0/lib-1.0'],
      ...['/com/acme/lib/1.1-SNAPSHOT/lib-1.1-20260102-6.jar', '/com/acme/lib/1.1/lib-1.1-.jar'],
      ...[
        '/com.acme/lib/1.0/lib-1.0.jar',
        '/com/acme/lib/1.0/lib-1.0.jär',
        `/com/${'a'.repeat(300)}/b/1/b-1.jar`,
      ],
      `${'/a'.repeat(100)}/1/a-1.jar`,
    ]) {
      expect(told(path)).toStartWith('malformed: ');
    }
  });
});

test('a name is read back into what it is of', () => {
  expect(coordinatesOf('com.acme:lib')).toEqual({ group: 'com.acme', artifact: 'lib' });
  for (const name of [
    'com.acme',
    'com.acme:lib:1.0',
    ':lib',
    'com..acme:lib',
    'com.acme:',
    'com/acme:lib',
    'a:../b',
  ]) {
    expect(coordinatesOf(name)).toBeNull();
  }
});
