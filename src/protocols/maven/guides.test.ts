import { describe, expect, test } from 'bun:test';
import { textOf } from '../../guide.ts';
import { childOf, childText, readXml } from '../registry/xml.ts';
import { guides } from './guides.ts';

function filesOf(client: string, url: string): Map<string, string> {
  const guide = guides({ route: 'maven', url }).find(({ id }) => id === client);
  const steps = [...(guide?.setUp ?? []), ...(guide?.logIn ?? [])].flatMap((step) =>
    step.do === 'set' ? [step.file] : [],
  );
  const all = Map.groupBy(steps, ({ path }) => path);
  return new Map(
    [...all].map(([path, files]) => [
      path,
      textOf({ form: files[0]!.form, settings: files.flatMap(({ settings }) => settings) }),
    ]),
  );
}

describe('guides', () => {
  test('write settings for Maven that send everything here, with the token in a variable', () => {
    const text = filesOf('mvn', 'https://packages.example.com/maven').get('.m2/settings.xml') ?? '';
    const settings = readXml(new TextEncoder().encode(text));
    expect(childText(settings, 'mirrors', 'mirror', 'url')).toBe('https://packages.example.com/maven/');
    expect(childText(settings, 'mirrors', 'mirror', 'mirrorOf')).toBe('*');
    expect(childText(settings, 'servers', 'server', 'id')).toBe(
      childText(settings, 'mirrors', 'mirror', 'id'),
    );
    expect(childText(settings, 'servers', 'server', 'password')).toBe('${env.MERIDIAN_TOKEN}');
    const repository = childOf(
      childOf(childOf(childOf(settings, 'profiles'), 'profile'), 'repositories'),
      'repository',
    );
    expect(childText(repository, 'snapshots', 'enabled')).toBe('true');
    expect(childText(settings, 'activeProfiles', 'activeProfile')).toBe(
      childText(settings, 'profiles', 'profile', 'id'),
    );
  });

  test('write files for Gradle and sbt, and allow plain HTTP only where there is nothing else', () => {
    const script = (url: string) => filesOf('gradle', url).get('.gradle/init.d/meridian.gradle') ?? '';
    expect(script('https://packages.example.com/maven')).toContain(
      "def meridian = 'https://packages.example.com/maven/'",
    );
    expect(script('https://packages.example.com/maven')).not.toContain('allowInsecureProtocol');
    expect(script('http://127.0.0.1:4873/maven')).toContain('allowInsecureProtocol = true');
    expect(filesOf('sbt', 'https://packages.example.com/maven').get('.sbt/repositories')).toContain(
      '  meridian: https://packages.example.com/maven/',
    );
  });
});
