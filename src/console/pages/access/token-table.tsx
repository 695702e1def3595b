/** Tokens, as they are listed: nothing that could be used in their place. */
import type { ComponentChildren } from 'preact';
import type { Token } from '../../data/api.ts';
import { useSession } from '../../data/session.ts';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { inWords } from './words.ts';

export function TokenTable({
  tokens,
  none,
  action,
}: {
  readonly tokens: readonly Token[];
  readonly none: string;
  readonly action: (token: Token) => ComponentChildren;
}) {
  return (
    <Table
      caption="Tokens"
      rows={tokens}
      id={({ id }) => id}
      none={none}
      columns={[
        { title: 'Token', cell: (token) => <Name {...token} /> },
        { title: 'Owner', cell: ({ owner }) => owner },
        { title: 'Made', cell: ({ createdMs }) => <When ms={createdMs} /> },
        { title: 'Expires', cell: (token) => <Expiry {...token} /> },
        { title: 'Last used', cell: ({ usedMs }) => (usedMs === null ? 'never' : <When ms={usedMs} />) },
        { title: 'Good for', cell: (token) => <Limits {...token} /> },
        { title: 'Actions', cell: action },
      ]}
    />
  );
}

function Name({ id, label }: Token) {
  const { own } = useSession();
  return (
    <>
      <strong>{label || 'without a label'}</strong> <code class="note">{id}</code>{' '}
      {id === own.token && <span class="badge good">this one</span>}
    </>
  );
}

function Expiry({ expiresMs }: Token) {
  if (expiresMs === null) return <>never</>;
  if (expiresMs > Date.now()) return <When ms={expiresMs} />;
  return (
    <>
      <span class="badge">expired</span> <When ms={expiresMs} />
    </>
  );
}

function Limits({ limit, addresses }: Token) {
  return (
    <>
      {limit === null ? 'all that its owner may' : limit.map(inWords).join('; ')}
      {addresses.length > 0 && <span class="note"> from {addresses.join(', ')}</span>}
    </>
  );
}

/** What `told` means to whoever has revoked one. */
export function revoked(label: string, told: boolean): string {
  return told
    ? `${label} is revoked: every node that hears the bus knows.`
    : `${label} is revoked, but the bus cannot be reached: nodes hear of it when it is back.`;
}
