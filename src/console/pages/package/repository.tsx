/** A repository of images, charts and what belongs to them: how to pull it, its tags, how large it is, who pulls it. */
import { useLocation } from 'preact-iso';
import type { PackagePage } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { takesDigests, useInstall } from '../../data/install.ts';
import { useSession } from '../../data/session.ts';
import { AsksFirst } from '../../parts/asks-first.tsx';
import { bytes, count } from '../../parts/format.ts';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Kinds, keptBytes } from '../packages/results.tsx';
import { packageAddress } from '../packages/wanted.ts';
import { Facts } from './about.tsx';
import { Downloads } from './downloads.tsx';
import { Install } from './install.tsx';
import { Purge } from './purge.tsx';
import { SizeBar } from './size-bar.tsx';
import { Tags } from './tags.tsx';

export function Repository({ page, tab }: { readonly page: PackagePage; readonly tab: string }) {
  const { route, name, kind, access, latest, description, note, versionCount } = page;
  const newest = page.versions.find(({ version }) => version === latest);
  const isChart = newest?.artifact?.kind === 'chart';
  const install = useInstall(route, isChart ? () => true : takesDigests);
  const tabs = [
    { id: 'tags', title: `Tags (${count(versionCount)})` },
    { id: 'downloads', title: 'Downloads' },
  ];
  const current = tab === '' ? 'tags' : tab;
  return (
    <>
      <p class="row package-state">
        {latest !== null && <strong>{latest}</strong>}
        <Kinds kind={kind} access={access} />
        {description}
      </p>
      {note !== null && <Notice kind="quiet">{note}.</Notice>}
      <div class="package">
        <div class="package-main">
          <Install
            {...{ by: install, route, name, version: latest, title: 'Pull' }}
            isRestricted={access === 'restricted'}
          />
          <Tabs
            page={`${name} · Packages`}
            label="About the repository"
            base={packageAddress(route, name)}
            tabs={tabs}
            current={current}
          />
          {current === 'downloads' ? <Downloads page={page} /> : <Tags page={page} client={install.client} />}
        </div>
        <Beside page={page} />
      </div>
    </>
  );
}

function Beside({ page }: { readonly page: PackagePage }) {
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
