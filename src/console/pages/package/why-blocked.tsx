/** That the route's policy is against a version, why, and until when. */
import type { PackagePage } from '../../data/api.ts';
import { time } from '../../parts/format.ts';

type Blocked = NonNullable<PackagePage['blocked']>;

export function WhyBlocked({ blocked: { why, untilMs } }: { readonly blocked: Blocked }) {
  return (
    <>
      <span class="badge bad">blocked</span> {why}
      {untilMs !== null && `, until ${time(untilMs)}`}
    </>
  );
}
