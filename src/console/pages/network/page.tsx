/** The network: how every node is. */
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { bytes, count, duration } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';

const everyMs = 5_000;

export default function Network() {
  const { ask } = useSession();
  const nodes = useAnswer(() => ask('GET', '/nodes'), [], everyMs);
  return (
    <>
      <h1>Network</h1>
      <Panel title="Nodes" wide>
        <Answered known={nodes}>
          {(all) => (
            <Table
              caption="Nodes of the network"
              rows={all}
              id={({ node, worker }) => `${node} ${worker}`}
              none="No node has reported yet: they do so every ten seconds."
              columns={[
                { title: 'Node', cell: ({ node, worker }) => (worker === 0 ? node : `${node} ${worker}`) },
                { title: 'Role', cell: ({ role }) => role },
                { title: 'Runs for', cell: ({ startedMs, heardMs }) => duration(heardMs - startedMs) },
                { title: 'Memory', isNumber: true, cell: ({ rssBytes }) => bytes(rssBytes) },
                { title: 'Entries', isNumber: true, cell: ({ memory }) => count(memory.entries) },
                { title: 'Trouble', cell: ({ trouble }) => trouble.join(', ') || 'none' },
              ]}
            />
          )}
        </Answered>
      </Panel>
    </>
  );
}
