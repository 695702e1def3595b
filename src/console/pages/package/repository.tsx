/** A repository of images, charts and what belongs to them: how to pull it, its tags, how large it is, who pulls it. */
import type { PackagePage } from '../../data/api.ts';
import { takesDigests, useInstall } from '../../data/install.ts';
import { count } from '../../parts/format.ts';
import { Notice } from '../../parts/notice.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Kinds } from '../packages/results.tsx';
import { packageAddress } from '../packages/wanted.ts';
import { Downloads } from './downloads.tsx';
import { Install } from './install.tsx';
import { Beside } from './repository-side.tsx';
import { Tags } from './tags.tsx';

export function Repository({ page, tab }: { readonly page: PackagePage; readonly tab: string }) {
  const { route, name, kind, access, latest, description, blocked, note, versionCount } = page;
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
      {blocked !== null && (
        <Notice kind="bad">
          Nothing of it can be pulled here: {name} {blocked.why}.
        </Notice>
      )}
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
