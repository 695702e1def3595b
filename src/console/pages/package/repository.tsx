/** A repository of images, charts and what belongs to them: how to pull it, its tags, how large it is, who pulls it. */
import type { PackagePage } from '../../data/api.ts';
import { takesDigests, useInstall } from '../../data/install.ts';
import { count } from '../../parts/format.ts';
import { Tabs } from '../../parts/tabs.tsx';
import { packageAddress } from '../packages/wanted.ts';
import { Downloads } from './downloads.tsx';
import { Install } from './install.tsx';
import { Beside } from './repository-side.tsx';
import { Standing } from './standing.tsx';
import { Tags } from './tags.tsx';

export function Repository({ page, tab }: { readonly page: PackagePage; readonly tab: string }) {
  const { route, name, access, latest, versionCount } = page;
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
      <Standing page={page} done="pulled" />
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
