/** Access: who may do what, with which tokens, and who has done what. */

import type { ComponentType } from 'preact';
import { useRoute } from 'preact-iso';
import { useSession } from '../../data/session.ts';
import { Notice } from '../../parts/notice.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Audit } from './audit.tsx';
import { Grants } from './grants.tsx';
import { OwnTokens } from './own-tokens.tsx';
import { Teams } from './teams.tsx';
import { Tokens } from './tokens.tsx';
import { Users } from './users.tsx';

const tabs: readonly { readonly id: string; readonly title: string; readonly Part: ComponentType }[] = [
  { id: 'users', title: 'Users', Part: Users },
  { id: 'teams', title: 'Teams', Part: Teams },
  { id: 'tokens', title: 'Tokens', Part: Tokens },
  { id: 'grants', title: 'Grants', Part: Grants },
  { id: 'audit', title: 'Audit log', Part: Audit },
];

export default function Access() {
  const { own } = useSession();
  const { params } = useRoute();
  const current = tabs.find(({ id }) => id === params['tab']) ?? tabs[0];
  if (!own.administers || current === undefined)
    return (
      <>
        <h1>Access</h1>
        <Notice kind="quiet">
          These are your own tokens. Users, teams, grants and the audit log are for those who administer the
          network.
        </Notice>
        <OwnTokens />
      </>
    );
  return (
    <>
      <h1>Access</h1>
      <Tabs
        page="Access"
        label="Parts of this page"
        base="/console/access"
        tabs={tabs}
        current={current.id}
      />
      <current.Part />
    </>
  );
}
