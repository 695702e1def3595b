import { holdsFacts } from '../registry/policy/order.contract.ts';
import { versions } from './version.ts';

holdsFacts(versions, {
  rising: [
    '0.1.0-alpha',
    '0.1.0',
    '0.9.9',
    '0.10.0',
    '1.0.0-rc.1',
    'v1.0.0',
    '1.0.1',
    '102.0.0+up40.1.2',
    '103',
  ],
  same: [
    ['1.0.0', 'v1.0.0', '1', 'v1.0', '01.0.0'],
    ['1.2.0-beta.1', '1.2-beta.1'],
  ],
  none: ['', 'latest', 'x1', 'v', '1.0.0.0', '1.0.0-', '1.0.0-a..b', '1 '],
  prereleases: { 'v1.0.0-rc.1': '1.0.0' },
  releases: { '1.0.0': null, '1.0.0+up1': null },
});
