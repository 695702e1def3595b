import { agreesWith, holdsFacts, linesOf } from '../registry/policy/order.contract.ts';
import { versions } from './version.ts';

holdsFacts(versions, {
  // The specification's own examples of a whole order ("Summary of permitted suffixes and relative ordering").
  rising: [
    ...['1.dev0', '1.0.dev456', '1.0a1', '1.0a2.dev456', '1.0a12.dev456', '1.0a12', '1.0b1.dev456', '1.0b2'],
    ...['1.0b2.post345.dev456', '1.0b2.post345', '1.0rc1.dev456', '1.0rc1', '1.0', '1.0+abc.5', '1.0+abc.7'],
    ...['1.0+5', '1.0.post456.dev34', '1.0.post456', '1.0.15', '1.1.dev1', '1.10', '2012.4', '1!0.1'],
  ],
  same: [
    ['1', '1.0', '1.0.0', 'v1.0', '01.0', ' 1.0\n'],
    ['1.1rc1', '1.1c1', '1.1RC1', '1.1.rc-1', '1.1preview1', '1.1_pre_1', '1.1.0rc01'],
    ['1.2a0', '1.2a', '1.2alpha', '1.2-Alpha.0'],
    ['1.2.post2', '1.2-2', '1.2.rev2', '1.2r2', '1.2.0-post2'],
    ['1.2.dev3', '1.2dev3', '1.2-DEV_3'],
    ['1+ubuntu.1', '1.0+ubuntu-1', '1.0+Ubuntu_01'],
    ['1!2', '1!2.0'],
  ],
  none: [
    '',
    'a',
    '1.',
    '.1',
    '1..2',
    '1.0-',
    '1.0+',
    '1.0+a+b',
    '1.0x',
    '1.0 2',
    '1!',
    '1.0a1b1',
    '١.٠',
    '1'.repeat(300),
  ],
  prereleases: {
    ...{ '1.0rc1': '1', '2.1.dev3': '2.1', '1.2a1.post1': '1.2', '1.0.post1.dev2': '1.post1' },
    '1.0rc1+cpu': '1rc1',
  },
  releases: { '1.0': null, '1.0.post1': null, '2.0.0+cu118': '2' },
});

const check = `
import sys
try: from packaging.version import Version
except ImportError: from pip._vendor.packaging.version import Version
for line in sys.stdin.read().split("\\n"):
    a, b = map(Version, line.split("\\t"))
    print((a > b) - (a < b))
`;

agreesWith(versions, {
  name: 'packaging (Python)',
  problem: await problem(),
  pieces: [
    '1',
    '0',
    '2',
    '10',
    '.',
    '.',
    'a',
    'b',
    'rc',
    'c',
    '.post',
    '-',
    'dev',
    '+',
    'local',
    '!',
    '_',
    '01',
  ],
  start: '1',
  pairs: 1000,
  compare: async (pairs) =>
    (await linesOf(['python3', '-c', check], pairs.map((pair) => pair.join('\t')).join('\n'))).map(Number),
});

async function problem(): Promise<string | null> {
  if (Bun.which('python3') === null) return 'python3 is not installed';
  const tried = await linesOf(['python3', '-c', check], '1\t2').catch((error: unknown) => String(error));
  return typeof tried === 'string' ? tried : null;
}
