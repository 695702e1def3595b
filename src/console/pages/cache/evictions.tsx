/** What has gone from memory and disk last, and why. */
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { useQuery } from '../../data/use-query.ts';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { bytes, count, duration, time } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Search } from '../../parts/search.tsx';
import { Table } from '../../parts/table.tsx';

const everyMs = 5_000;

const causes: Readonly<Record<string, string>> = {
  space: 'no space was left',
  replaced: 'a newer response came',
  purged: 'it was purged',
  withdrawn: 'its parent withdrew it',
  variants: 'it had too many variants',
  unused: 'nobody asked for it for too long',
  corrupt: 'its bytes were wrong',
  lost: 'the disk had lost it',
};

export function Evictions() {
  const { ask } = useSession();
  const [{ find = '' }] = useQuery();
  const known = useAnswer(() => ask('GET', '/evictions'), [], everyMs);
  return (
    <Panel title="What has gone" wide tools={<Search label="Find a key, node or cause" />}>
      <Answered known={known}>
        {(all) => (
          <Table
            caption="What has gone"
            rows={all.filter(({ key, node, cause }) => `${key} ${node} ${cause}`.includes(find))}
            id={({ node, worker, atMs, tier, key }) => `${node} ${worker} ${atMs} ${tier} ${key}`}
            none={
              all.length === 0
                ? 'Nothing has gone lately: what came is still there.'
                : `Nothing that has gone is like “${find}”.`
            }
            columns={[
              { title: 'When', cell: ({ atMs }) => <time>{time(atMs)}</time> },
              { title: 'Key', cell: ({ key }) => <code class="key">{key}</code> },
              {
                title: 'From',
                cell: ({ node, worker, tier }) => `${tier} of ${node}${worker === 0 ? '' : ` ${worker}`}`,
              },
              { title: 'Why', cell: ({ cause }) => causes[cause] ?? cause },
              { title: 'Size', isNumber: true, cell: (each) => bytes(each.bytes) },
              {
                title: 'Age',
                isNumber: true,
                cell: ({ ageS }) => (ageS === null ? '–' : duration(ageS * 1000)),
              },
              {
                title: 'Used',
                isNumber: true,
                cell: ({ uses }) => (uses === null ? '–' : `${count(uses)} ×`),
              },
            ]}
          />
        )}
      </Answered>
      <p class="note">The last twenty of each process; how many there were by cause is in its metrics.</p>
      <Cli command={['evictions']} />
    </Panel>
  );
}
