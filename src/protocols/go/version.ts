/**
 * Versions of modules: semantic versions with a `v` (go.dev/ref/mod#versions), among them those that stand for a commit (pseudo-versions),
 * which are pre-releases of the release that comes next. Advisories leave the `v` out, and people may leave out numbers: `canonical` has both.
 */
import type { VersionOrder } from '../registry/policy/order.ts';
import { semanticOrder } from '../registry/policy/semver.ts';

export const versions: VersionOrder = semanticOrder({
  prefix: { may: 'v', has: 'v' },
  fewest: 1,
  most: 3,
  build: (build) => (build === '+incompatible' ? build : ''),
});
