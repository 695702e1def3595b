/** What the nodes are asked for most. */
import type { HotObject } from '../../data/api.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { count } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { PurgeLink } from './tier.tsx';

const everyMs = 5_000;

export function Hot() {
  const { ask } = useSession();
  const known = useAnswer(() => ask('GET', '/hot'), [], everyMs);
  return (
    <Panel title="Hot objects" wide>
      <p class="note">
        As nodes said in the last ten seconds: with a rate where members of a ring count it, else by how often
        memory has used it.
      </p>
      <Answered known={known}>
        {(all) => (
          <Table
            caption="Hot objects"
            rows={all}
            id={({ key }) => key}
            none="Nothing is asked for more than once at present."
            columns={[
              { title: 'Key', cell: ({ key }) => <code class="key">{key}</code> },
              { title: 'Asked for', isNumber: true, cell: rateOf },
              { title: 'Why it is here', cell: ({ why }) => reasons[why] ?? why },
              { title: 'Copies', cell: ({ replicas }) => replicas.join(', ') || '–' },
              { title: 'At', cell: placesOf },
              { title: 'Actions', cell: ({ key }) => <PurgeLink by="key" what={key} /> },
            ]}
          />
        )}
      </Answered>
      <Cli command={['hot']} />
    </Panel>
  );
}

const reasons: Readonly<Record<string, string>> = {
  used: 'among the most used of memory',
  near: 'a copy of what another member owns',
};

function rateOf({ perSecond, uses }: HotObject): string {
  if (perSecond !== null) return `${count(perSecond)} /s`;
  return uses === null ? '–' : `${count(uses)} ×`;
}

function placesOf({ at }: HotObject): string {
  return at.map(({ node, worker }) => (worker === 0 ? node : `${node} ${worker}`)).join(', ');
}
