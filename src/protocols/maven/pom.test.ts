import { describe, expect, test } from 'bun:test';
import { XmlError } from '../registry/xml.ts';
import { extensionOf, readPom } from './pom.ts';

const pomOf = (inside: string) =>
  readPom(new TextEncoder().encode(`<project xmlns="http://maven.apache.org/POM/4.0.0">${inside}</project>`));
const own = '<groupId>com.acme</groupId><artifactId>lib</artifactId><version>1.0</version>';

function refusal(inside: string): string {
  try {
    pomOf(inside);
  } catch (error) {
    if (error instanceof XmlError) return error.message;
    throw error;
  }
  return 'read';
}

describe('a POM', () => {
  test('says what it is of, what it needs, and what people are told', () => {
    const pom =
      pomOf(`${own}<packaging>maven-plugin</packaging><name>Lib</name><description>Does ${'${project.name}'}</description>
      <licenses><license><name>Apache-2.0</name></license></licenses><developers><developer><name>A</name></developer></developers>
      <scm><url>https://git.example.com/lib</url></scm>
      <properties><other>2.0</other></properties>
      <dependencies>
        <dependency><groupId>org.x</groupId><artifactId>y</artifactId><version>${'${other}'}</version></dependency>
        <dependency><groupId>${'${project.groupId}'}</groupId><artifactId>z</artifactId><scope>test</scope><optional>true</optional></dependency>
        <dependency><artifactId>half</artifactId></dependency>
      </dependencies>`);
    expect(pom).toMatchObject({
      group: 'com.acme',
      artifact: 'lib',
      version: '1.0',
      packaging: 'maven-plugin',
      parent: null,
    });
    expect(pom).toMatchObject({
      licences: ['Apache-2.0'],
      developers: ['A'],
      scm: 'https://git.example.com/lib',
    });
    expect(
      pom.dependencies.map(
        (each) => `${each.group}:${each.artifact} ${each.version} ${each.scope} ${each.isOptional}`,
      ),
    ).toEqual(['org.x:y 2.0 compile false', 'com.acme:z null test true']);
    expect([extensionOf('maven-plugin'), extensionOf('war'), extensionOf('pom')]).toEqual([
      'jar',
      'war',
      null,
    ]);
  });

  test('has its group and version from its parent where it says none', () => {
    const parent =
      '<parent><groupId>com.acme</groupId><artifactId>up</artifactId><version>7</version></parent>';
    expect(pomOf(`${parent}<artifactId>lib</artifactId>`)).toMatchObject({
      ...{ group: 'com.acme', artifact: 'lib', version: '7', packaging: 'jar' },
      parent: { group: 'com.acme', artifact: 'up', version: '7' },
    });
  });

  test('has properties filled in as far as it says them itself', () => {
    const pom = (version: string, properties: string) =>
      pomOf(
        `<groupId>g</groupId><artifactId>a</artifactId><version>${version}</version><properties>${properties}</properties>`,
      );
    expect(pom('${revision}', '<revision>1.${minor}</revision><minor>2</minor>').version).toBe('1.2');
    expect(pom('${revision}', '').version).toBe('${revision}');
    expect(pom('${a}', '<a>${b}${b}</a><b>${a}${a}</b>').version.length).toBeLessThan(2000);
  });

  test('that says nothing of itself, or is none, is refused', () => {
    expect(refusal('<artifactId>lib</artifactId>')).toContain('does not say its groupId');
    expect(refusal('<a>')).toContain('which is not open');
    expect(() => readPom(new TextEncoder().encode('<html/>'))).toThrow('<html> as its root element');
    expect(() =>
      readPom(new TextEncoder().encode('<!DOCTYPE project SYSTEM "file:///etc/passwd"><project/>')),
    ).toThrow('document type');
  });
});
