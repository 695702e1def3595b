/** The last purges of the network, whoever issued them. */
import type { PurgeState } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { milliseconds, time } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { inWords } from './kinds.ts';

const everyMs = 5_000;
const shown = 50;

/** @param after of the purge that has just been asked for: then there is another one. */
export function RecentPurges({ after }: { readonly after: string | undefined }) {
  const { ask } = useSession();
  const known = useAnswer(() => ask('GET', at('/purges', {}, { limit: shown })), [after], everyMs);
  return (
    <Panel title="Recent purges" wide>
      <Answered known={known}>
        {(all) => (
          <Table
            caption="Recent purges"
            rows={all}
            id={({ position }) => `${position.log} ${position.sequence}`}
            none="Nothing was purged lately."
            columns={[
              { title: 'When', cell: ({ atMs }) => <time>{time(atMs)}</time> },
              { title: 'What', cell: (state) => <What {...state} /> },
              { title: 'How', cell: ({ soft }) => (soft ? 'soft' : 'hard') },
              { title: 'By', cell: ({ by }) => by },
              { title: 'Nodes', cell: (state) => <Nodes {...state} /> },
            ]}
          />
        )}
      </Answered>
      <Cli command={['purges', '--limit', String(shown)]} />
    </Panel>
  );
}

function What({ selectors, selectorCount }: PurgeState) {
  const [first] = selectors;
  return (
    <>
      <code class="key">{first && inWords(first)}</code>
      {selectorCount > 1 && <span class="note"> and {selectorCount - 1} more</span>}
    </>
  );
}

function Nodes({ position, nodes, all, allMs }: PurgeState) {
  const each = Object.values(nodes);
  const query = new URLSearchParams({ log: position.log, sequence: String(position.sequence) });
  return (
    <a href={`/console/cache/purge?${query}`}>
      {all
        ? `all${allMs === null ? '' : ` in ${milliseconds(allMs)}`}`
        : `${each.filter(({ applied }) => applied).length} of ${each.length}`}
    </a>
  );
}
