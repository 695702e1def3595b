/** Beside a repository: what it says of itself, how much of it is here, and what may be done about that. */
import { useLocation } from 'preact-iso';
import type { PackagePage } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { AsksFirst } from '../../parts/asks-first.tsx';
import { bytes, count } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { keptBytes } from '../packages/results.tsx';
import { Facts } from './about.tsx';
import { Purge } from './purge.tsx';
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

function Remove({ page: { route, name, versionCount } }: { readonly page: PackagePage }) {
  const { ask } = useSession();
  const { route: go } = useLocation();
  return (
    <div class="purge">
      <AsksFirst
        does="Delete"
        name={`Delete ${name}`}
        title={`Delete all of ${name}?`}
        command={['package', name, '--route', route, '--delete']}
        act={async () => {
          await ask('DELETE', at('/packages/:route/:name', { route, name }));
          go('/console/packages');
        }}
      >
        <p>
          {versionCount === 1 ? 'Its tag' : `All ${count(versionCount)} tags`}, with everything that they
          stand for, cannot be pulled any more, from this moment and at every PoP. Nobody can take that back.
          Layers that other repositories have stay there.
        </p>
      </AsksFirst>
    </div>
  );
}
