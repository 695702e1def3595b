/** What somebody did not get because he has no right to it: the audit log's newest denials. */
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { time } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';

const everyMs = 10_000;
/** Of the log, in one question. */
const lines = 1_000;
const shown = 20;

export function Denials() {
  const { ask } = useSession();
  const known = useAnswer(
    async () => {
      const newest = await ask('GET', at('/audit', {}, { newestFirst: 'true', limit: lines }));
      return newest.filter(({ what }) => what.startsWith('denied.')).slice(0, shown);
    },
    [],
    everyMs,
  );
  return (
    <Panel
      title="Denied for want of a right"
      wide
      tools={<a href="/console/access/audit?what=denied.">All in the audit log</a>}
    >
      <Answered known={known}>
        {(rows) => (
          <Table
            caption="What was denied for want of a right"
            rows={rows}
            id={({ at: place }) => place}
            none="Nobody was denied anything lately."
            columns={[
              { title: 'When', cell: ({ atMs }) => <time>{time(atMs)}</time> },
              {
                title: 'Who',
                cell: ({ by, from }) => (
                  <>
                    {by}
                    {from !== null && <span class="note"> from {from}</span>}
                  </>
                ),
              },
              { title: 'To do what', cell: ({ what }) => what.replace('denied.', '') },
              { title: 'With what', cell: ({ subject }) => subject || '–' },
            ]}
          />
        )}
      </Answered>
      <Cli command={['audit', '--what', 'denied.']} />
    </Panel>
  );
}
