/**
 * Versions of charts: semantic versions, as loosely as Helm's own library takes them (github.com/Masterminds/semver): with a `v`, or with
 * fewer numbers. Charts that differ in their build alone are two.
 */
import type { VersionOrder } from '../registry/policy/order.ts';
import { semanticOrder } from '../registry/policy/semver.ts';

export const versions: VersionOrder = semanticOrder({
  prefix: { may: 'v', has: '' },
  fewest: 1,
  most: 3,
  leadingZeros: true,
  build: (build) => build,
});
