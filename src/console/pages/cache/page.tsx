/** Cache: what nodes keep and why, purges, what was fetched ahead, what is hot, and what has gone. */
import type { ComponentType } from 'preact';
import { useRoute } from 'preact-iso';
import { useSession } from '../../data/session.ts';
import { Notice } from '../../parts/notice.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Evictions } from './evictions.tsx';
import { Hot } from './hot.tsx';
import { LookUp } from './look-up.tsx';
import { Prediction } from './prediction.tsx';
import { Purge } from './purge.tsx';

const tabs: readonly { readonly id: string; readonly title: string; readonly Part: ComponentType }[] = [
  { id: 'look-up', title: 'Look up', Part: LookUp },
  { id: 'purge', title: 'Purge', Part: Purge },
  { id: 'prediction', title: 'Prediction', Part: Prediction },
  { id: 'hot', title: 'Hot objects', Part: Hot },
  { id: 'gone', title: 'What has gone', Part: Evictions },
];

export default function Cache() {
  const { own } = useSession();
  const { params } = useRoute();
  const current = tabs.find(({ id }) => id === params['tab']) ?? tabs[0];
  if (!own.administers || current === undefined)
    return (
      <>
        <h1>Cache</h1>
        <Notice kind="quiet">
          What nodes keep is for those who administer the network. Every response says for itself where it
          came from, in its <code>Cache-Status</code> and <code>Server-Timing</code>.
        </Notice>
      </>
    );
  return (
    <>
      <h1>Cache</h1>
      <Tabs page="Cache" label="Parts of this page" base="/console/cache" tabs={tabs} current={current.id} />
      <current.Part />
    </>
  );
}
