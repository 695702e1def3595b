import { holdsFacts } from '../registry/policy/order.contract.ts';
import { versions } from './version.ts';

holdsFacts(versions, {
  // semver.org §11.
  rising: [
    ...['0.0.0-0', '0.0.1', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2'],
    ...['1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.2.0', '1.10.0', '2.0.0', '2.1.0', '2.1.1'],
    ...['99999999999999999999.0.0', '100000000000000000000.0.0'],
  ],
  same: [
    ['1.0.0', '1.0.0+build', '1.0.0+other.1'],
    ['1.0.0-rc.1', '1.0.0-rc.1+a'],
  ],
  none: [
    '',
    '1',
    '1.0',
    'v1.0.0',
    '01.0.0',
    '1.0.0-01',
    '1.0.0-',
    '1.0.0+',
    '1.0.0.0',
    '1.0.0-a..b',
    ' 1.0.0',
    '1.0.0\n',
  ],
  prereleases: { '1.0.0-rc.1': '1.0.0', '0.3.0-alpha+x': '0.3.0' },
  releases: { '1.0.0': null, '1.0.0+zstd.1': null },
});
