/** Versions of crates: semantic versions. Two that differ in nothing but their build are the same to an index (doc.rust-lang.org/cargo/reference/registry-index.html). */
import type { VersionOrder } from '../registry/policy/order.ts';
import { semanticOrder } from '../registry/policy/semver.ts';

export const versions: VersionOrder = semanticOrder({ fewest: 3, most: 3, build: () => '' });
