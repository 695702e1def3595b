/** Beside a repository: what it says of itself, how much of it is here, and what may be done about that. */
import type { PackagePage } from '../../data/api.ts';
import { useSession } from '../../data/session.ts';
import { bytes, count } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { keptBytes } from '../packages/results.tsx';
import { Facts } from './about.tsx';
import { Purge } from './purge.tsx';
import { Remove } from './remove.tsx';
import { SizeBar } from './size-bar.tsx';

export function Beside({ page }: { readonly page: PackagePage }) {
  const { own } = useSession();
  return (
    <aside class="package-side" aria-label="Facts">
      <Panel title="About">
        <Facts page={page} />
      </Panel>
      <Panel title="Kept here">
        <Kept page={page} />
        {own.administers && <Purge page={page} />}
        {page.mayDelete && <Remove page={page} />}
      </Panel>
    </aside>
  );
}

function Kept({ page: { kind, kept, sizes } }: { readonly page: PackagePage }) {
  const { versions } = kind === 'hosted' ? kept.hosted : kept.cached;
  const all = sizes === null ? keptBytes(kept) : sizes.ownBytes + sizes.sharedBytes;
  return (
    <>
      <p class="kept-size">
        <strong>{bytes(all)}</strong> in {count(versions)} {versions === 1 ? 'manifest' : 'manifests'}
      </p>
      {sizes !== null && <SizeBar sizes={sizes} />}
    </>
  );
}
