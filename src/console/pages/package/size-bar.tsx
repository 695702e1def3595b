/** How much of something nothing else has, and how much others have, too. */
import type { PackagePage } from '../../data/api.ts';
import { bytes } from '../../parts/format.ts';

type Sizes = NonNullable<PackagePage['sizes']>;

export function SizeBar({ sizes: { ownBytes, sharedBytes } }: { readonly sizes: Sizes }) {
  const all = ownBytes + sharedBytes;
  const share = all === 0 ? 0 : ownBytes / all;
  return (
    <>
      <span class="size-bar" aria-hidden="true">
        <span class="part-own" style={{ width: `${share * 100}%` }} />
        <span class="part-shared" style={{ width: `${(1 - share) * 100}%` }} />
      </span>
      <dl class="package-facts short size-facts">
        <div>
          <dt>
            <span class="dot part-own" aria-hidden="true" /> Of its own
          </dt>
          <dd>{bytes(ownBytes)}</dd>
        </div>
        <div>
          <dt>
            <span class="dot part-shared" aria-hidden="true" /> Shared with others
          </dt>
          <dd>{bytes(sharedBytes)}</dd>
        </div>
      </dl>
    </>
  );
}
