import { existsSync } from 'node:fs';
import { agreesWith, holdsFacts, linesOf } from '../registry/policy/order.contract.ts';
import { versions } from './version.ts';

holdsFacts(versions, {
  // The specification's own list (maven.apache.org/pom.html), and Maven's tests (ComparableVersionTest).
  rising: [
    ...[
      '1-alpha2snapshot',
      '1-alpha2',
      '1-alpha-123',
      '1-beta-2',
      '1-beta123',
      '1-m2',
      '1-m11',
      '1-rc',
      '1-cr2',
    ],
    ...[
      '1-rc123',
      '1-SNAPSHOT',
      '1',
      '1-sp',
      '1-sp2',
      '1-sp123',
      '1-abc',
      '1-def',
      '1-pom-1',
      '1-1-snapshot',
    ],
    ...[
      '1-1',
      '1-2',
      '1-123',
      '1.1',
      '1.2.0.Beta1',
      '1.2.0.Final',
      '1.11',
      '2.0',
      '32.0.0-android',
      '32.0.0-jre',
    ],
  ],
  same: [
    ['1', '1.0', '1.0.0', '1-0', '1.ga', '1-final', '1.0.0.RELEASE', '1..0', '01'],
    ['1-alpha-1', '1a1', '1-a1', '1.alpha1', '1-alpha-1', '1.0-ALPHA1'],
    ['1-milestone-3', '1m3', '1.0-M3', '1.0.M3'],
    ['1-rc-1', '1cr1', '1-RC1', '1.0.CR1'],
    ['2-foo', '2.foo', '2.0.0-Foo'],
  ],
  none: ['', '1/2', '[1,2)', '1 2', '${version}', '1'.repeat(300)],
  prereleases: {
    ...{ '1.0-SNAPSHOT': '1.0', '2.0.0.Beta1': '2.0.0', '1.5-M2': '1.5', '3.0-rc-1': '3.0', '1.0a1': '1.0' },
    ...{ '1.0-rc1-SNAPSHOT': '1.0', '1.0-20260101.120000-3': '1.0' },
  },
  releases: { '1.0': null, '2.0.0.Final': null, '32.1.0-jre': null, '1.0-sp1': null, '2.0-android': null },
});

const jar = '/usr/share/java/maven3-artifact.jar';
const main = 'org.apache.maven.artifact.versioning.ComparableVersion';

agreesWith(versions, {
  name: "Maven's ComparableVersion",
  problem:
    Bun.which('java') === null ? 'java is not installed' : existsSync(jar) ? null : `there is no ${jar}`,
  pieces: [
    '1',
    '0',
    '2',
    '10',
    '.',
    '.',
    '-',
    '-',
    'a',
    'b',
    'm',
    'rc',
    'cr',
    'ga',
    'final',
    'snapshot',
    'alpha',
    'sp',
    'foo',
    'x',
    '01',
  ],
  pairs: 1000,
  async compare(pairs) {
    // It compares each with the one before: every other line is about a pair.
    const lines = await linesOf(['java', '-cp', jar, main, ...pairs.flat()], '');
    const signs = lines.flatMap((line) => {
      const sign = /^ {3}\S+ (<|>|==) \S+$/.exec(line)?.[1];
      return sign === undefined ? [] : [sign === '<' ? -1 : sign === '>' ? 1 : 0];
    });
    return signs.filter((_, at) => at % 2 === 0);
  },
});
