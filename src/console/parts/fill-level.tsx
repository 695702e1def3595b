/** How full a store is. */
import type { Store } from '../data/network-node.ts';
import { bytes } from './format.ts';

export function FillLevel({ store }: { readonly store: Store }) {
  const share = store.limitBytes > 0 ? Math.min(1, store.bytes / store.limitBytes) : 0;
  return (
    <div class="fill">
      <span>
        {bytes(store.bytes)} <small>of {bytes(store.limitBytes)}</small>
      </span>
      <div class="bar" aria-hidden="true">
        <i style={{ width: `${100 * share}%` }} />
      </div>
    </div>
  );
}
