/** One package: how to install it, what it says of itself, its versions, who fetches it, and what the policy says. */
import { useRoute } from 'preact-iso';
import type { PackagePage } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useInstall } from '../../data/install.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { count } from '../../parts/format.ts';
import { Tabs } from '../../parts/tabs.tsx';
import { useTitle } from '../../parts/title.ts';
import { packageAddress } from '../packages/wanted.ts';
import { About } from './about.tsx';
import { Downloads } from './downloads.tsx';
import { Install } from './install.tsx';
import { Readme } from './readme.tsx';
import { Repository } from './repository.tsx';
import { Standing } from './standing.tsx';
import { Versions } from './versions.tsx';

export default function Package() {
  const { params } = useRoute();
  const { route = '', name = '', tab = '' } = params;
  // Another package is another page, of which nothing is known yet.
  return <OnePackage key={`${route} ${name}`} route={route} name={name} tab={tab} />;
}

interface Which {
  readonly route: string;
  readonly name: string;
  readonly tab: string;
}

function OnePackage({ route, name, tab }: Which) {
  const { ask } = useSession();
  const known = useAnswer(() => ask('GET', at('/packages/:route/:name', { route, name })), []);
  useTitle(`${name} · Packages`);
  return (
    <>
      <nav aria-label="Where this is" class="crumbs">
        <a href="/console/packages">Packages</a>
        <span aria-hidden="true">/</span>
        <a href={`/console/packages?route=${encodeURIComponent(route)}`}>{route}</a>
      </nav>
      <h1 class="package-title">{name}</h1>
      <Answered known={known}>
        {(page) =>
          page.hasArtifacts ? <Repository page={page} tab={tab} /> : <Found page={page} tab={tab} />
        }
      </Answered>
      <Cli command={['package', name, '--route', route]} />
    </>
  );
}

function Found({ page, tab }: { readonly page: PackagePage; readonly tab: string }) {
  const install = useInstall(page.route);
  const { route, name, versionCount } = page;
  const tabs = [
    { id: 'readme', title: 'Readme' },
    { id: 'versions', title: `Versions (${count(versionCount)})` },
    { id: 'downloads', title: 'Downloads' },
  ];
  return (
    <>
      <Standing page={page} done="installed" />
      <div class="package">
        <div class="package-main">
          <Install by={install} route={route} name={name} />
          <Tabs
            page={`${name} · Packages`}
            label="About the package"
            base={packageAddress(route, name)}
            tabs={tabs}
            current={tab === '' ? 'readme' : tab}
          />
          {tab === 'versions' ? (
            <Versions page={page} />
          ) : tab === 'downloads' ? (
            <Downloads page={page} />
          ) : (
            <Readme page={page} />
          )}
        </div>
        <About page={page} />
      </div>
    </>
  );
}
