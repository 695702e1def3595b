/**
 * Versions of NuGet packages: semantic versions of one to four numbers, in any case and with leading zeros
 * (learn.microsoft.com/nuget/concepts/package-versioning#normalized-version-numbers). `canonical` is what addresses have: normalised, and in
 * lower case.
 */
import type { VersionOrder } from '../registry/policy/order.ts';
import { semanticOrder } from '../registry/policy/semver.ts';

export const versions: VersionOrder = semanticOrder({
  fewest: 1,
  most: 4,
  leadingZeros: true,
  ignoresCase: true,
  build: () => '',
});
