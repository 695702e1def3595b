import { agreesWith, holdsFacts, linesOf } from '../registry/policy/order.contract.ts';
import { versions } from './version.ts';

holdsFacts(versions, {
  // From the tests of RubyGems (test_gem_version.rb).
  rising: [
    ...['0.beta.1', '0.0.1', '0.9', '1.0.a', '1.0.0.pre', '1.0.0-1', '1', '1.8.2.a9', '1.8.2.a10', '1.8.2.b'],
    ...['1.8.2', '1.8.10', '1.9.0.dev', '1.9.3', '2.0.0.rc1', '2.0.0.rc2', '2.0.0'],
  ],
  same: [
    ['0', '0.0', '00'],
    ['1', '1.0', '1.0.0', '01'],
    ['1.2.b.1', '1.2.b1', '1.2.0.b.1', '1.2.b1.0'],
    ['1.pre.5', '1-5', '1.0-5', '1.0.0.pre.5'],
  ],
  none: ['', 'junk', '1.0\n2.0', '1..2', '1.2 3.4', '1.', '.1', '1_0', '1.0+a', ' 1', '1'.repeat(300)],
  prereleases: { '1.2.3.rc1': '1.2.3', '0.0.1.a': '0.0.1', '2.0-x86': '2', '22.1.50.0.d': '22.1.50' },
  releases: { '1.2.0': null, '22.1.50.0': null },
});

const check = `
STDIN.read.split(10.chr).each do |line|
  a, b = line.split(9.chr).map { |version| Gem::Version.new(version) }
  puts a <=> b
end
`;

agreesWith(versions, {
  name: 'Gem::Version (Ruby)',
  problem: Bun.which('ruby') === null ? 'ruby is not installed' : null,
  pieces: ['1', '0', '2', '10', '.', '.', '-', 'a', 'b', 'rc', 'pre', 'Z', '01', 'beta'],
  start: '1',
  pairs: 1000,
  compare: async (pairs) =>
    (await linesOf(['ruby', '-e', check], pairs.map((pair) => pair.join('\t')).join('\n'))).map(Number),
});
