import { agreesWith, holdsFacts, linesOf } from '../registry/policy/order.contract.ts';
import { versions } from './version.ts';

holdsFacts(versions, {
  // Debian policy §5.6.12, and the tests of dpkg (lib/dpkg/t/t-version.c).
  rising: [
    ...['0:0~~', '0~~a', '0~', '0', '0a', '0+', '0.0', '1.0~rc1-1', '1.0-1~deb12u1', '1.0-1', '1.0-1+b1'],
    ...['1.0-1.1', '1.0-2', '1.0-10', '1.0a-1', '1.0+dfsg-1', '1.0.1-1', '1.9', '1.10', '1:0.4', '2:0.1'],
  ],
  same: [
    ['1.0-1', '0:1.0-1', '00:1.0-1'],
    ['2:1.0', '2:1.0'],
  ],
  none: [
    '',
    'a',
    '~1',
    '1.0-',
    '1.0 1',
    'a:1',
    '1:2:3-',
    '-1:1.0',
    ':1',
    '1:',
    '1.0_1',
    '1.0-1_2',
    '99999999999:1',
  ],
  prereleases: {},
  releases: { '1.0~rc1-1': null, '3.0.11-1~deb12u2': null, '1.0-1': null },
});

/** Three questions for each pair: it has no other way to say that two are the same. */
const check = `
while IFS=$'\\t' read -r a b; do
  if dpkg --compare-versions "$a" lt "$b"; then echo -1
  elif dpkg --compare-versions "$a" eq "$b"; then echo 0
  else echo 1; fi
done
`;

agreesWith(versions, {
  name: 'dpkg --compare-versions',
  problem: Bun.which('dpkg') === null ? 'dpkg is not installed' : null,
  pieces: ['1', '0', '2', '10', '.', '.', '-', '~', '+', 'a', 'b', 'Z', '01', 'deb12u', '1:', '0:', '~rc'],
  start: '1',
  pairs: 200,
  compare: async (pairs) =>
    (await linesOf(['bash', '-c', check], pairs.map((pair) => `${pair.join('\t')}\n`).join(''))).map(Number),
});
