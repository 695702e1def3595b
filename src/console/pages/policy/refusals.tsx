/** What the policy of a route has refused lately. */
import type { PolicyState } from '../../data/api.ts';
import { useQuery } from '../../data/use-query.ts';
import { Cli } from '../../parts/cli.tsx';
import { count, time } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Search } from '../../parts/search.tsx';
import { Table } from '../../parts/table.tsx';
import { Subject } from './explain.tsx';

/** Rows at once. */
const shown = 200;

export function Refusals({ route, refused }: Pick<PolicyState, 'refused'> & { readonly route: string }) {
  const [{ find = '' }] = useQuery();
  const fits = refused.filter(({ subject, why, rules }) =>
    `${subject} ${why} ${rules.join(' ')}`.toLowerCase().includes(find.toLowerCase()),
  );
  return (
    <Panel title="Blocked lately" wide tools={<Search label="Find in what was blocked" />}>
      <Table
        caption="What was blocked lately"
        rows={fits.slice(0, shown)}
        id={({ subject }) => subject}
        none={
          refused.length === 0
            ? 'Nothing was asked for that the policy is against, in the last 30 days.'
            : `Nothing that was blocked is like “${find}”.`
        }
        columns={[
          { title: 'What', cell: ({ subject }) => <Subject route={route} subject={subject} /> },
          { title: 'Why', cell: ({ why }) => `It ${why}.` },
          { title: 'Rules', cell: ({ rules }) => <Rules of={rules} /> },
          { title: 'Asked for', isNumber: true, cell: ({ times }) => `${count(times)} ×` },
          { title: 'Last', cell: ({ lastMs }) => <time>{time(lastMs)}</time> },
        ]}
      />
      {fits.length > shown && (
        <p class="note">and {count(fits.length - shown)} more: find what you look for.</p>
      )}
      <p class="note">
        Counted at the origins, for 30 days. A PoP repeats a refusal for ten seconds without asking, so who
        asked is in its access log.
      </p>
      <Cli command={['policy', 'list', route]} />
    </Panel>
  );
}

function Rules({ of }: { readonly of: readonly string[] }) {
  return (
    <span class="row">
      {of.map((rule) => (
        <code key={rule} class="badge">
          {rule}
        </code>
      ))}
    </span>
  );
}
