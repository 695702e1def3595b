import { holdsFacts } from '../registry/policy/order.contract.ts';
import { versions } from './version.ts';

holdsFacts(versions, {
  // learn.microsoft.com/nuget/concepts/package-versioning.
  rising: [
    ...['0.9', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-Beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1'],
    ...['1.0.1-aaa', '1.0.1-open', '1.0.1-zzz', '1.0.1', '1.0.1.1', '1.0.1.10', '1.0.2'],
  ],
  same: [
    ['1.0.0', '1', '1.0', '1.00', '1.0.0.0', '1.0.0+metadata', '01.0.0'],
    ['1.0.7', '1.0.07'],
    ['1.0.0.1', '1.00.0.01'],
    ['1.0.0-beta.1', '1.0.0-BETA.1', '1.0-beta.1+x', '1.0.0-beta.01'],
  ],
  none: ['', 'v1', '1.0.0.0.0', '1.0.0-', '1.0.0-a..b', '1.*', '[1.0,2.0)', '1.0 '],
  prereleases: { '1.0.0-RC1': '1.0.0', '1.0.0.1-beta': '1.0.0.1', '1.0-beta+x': '1.0.0' },
  releases: { '1.0.0': null, '1.0.0.1': null, '1.0.0+x': null },
});
