import { holdsFacts } from '../registry/policy/order.contract.ts';
import { versions } from './version.ts';

holdsFacts(versions, {
  // go.dev/ref/mod#pseudo-versions: the three forms lie before the release to come, after a pre-release, and after a release.
  rising: [
    ...['v0.0.0-20190101000000-abcdefabcdef', 'v0.0.0-20230101000000-abcdefabcdef', 'v0.1.0', 'v1.2.3-pre'],
    ...[
      'v1.2.3-pre.0.20190101000000-abcdefabcdef',
      'v1.2.3',
      'v1.2.4-0.20190101000000-abcdefabcdef',
      'v1.2.4',
    ],
    ...['v1.10.0', 'v2.0.0+incompatible', 'v2.1.0+incompatible', 'v3.0.0-rc.1', 'v3.0.0'],
  ],
  // Advisories write no `v`.
  same: [['v1.2.3', '1.2.3', 'v1.2.3+meta'], ['v1.0.0', 'v1', 'v1.0'], ['v2.0.0+incompatible']],
  none: [
    '',
    'latest',
    'master',
    'v',
    'v01.0.0',
    'v1.0.0.0',
    'w1.0.0',
    'vv1.0.0',
    'v1.0.0-01',
    'v1.0.0-',
    'v1.0.0 ',
  ],
  prereleases: {
    ...{ 'v1.2.4-0.20190101000000-abcdefabcdef': 'v1.2.4', 'v1.0.0-beta': 'v1.0.0' },
    'v0.0.0-20190101000000-abcdefabcdef': 'v0.0.0',
  },
  releases: { 'v1.2.3': null, 'v2.0.0+incompatible': null },
});
