/** The network: where its nodes are, how each is, and what flows between them. */
import { ErrorBoundary, lazy } from 'preact-iso';
import { hitShare, offload, sumOf, total } from '../../data/counts.ts';
import { healthOf, type NetworkNode, nodesOf } from '../../data/network-node.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { useQuery } from '../../data/use-query.ts';
import { Administrators } from '../../parts/administrators.tsx';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { bytes, count, rate } from '../../parts/format.ts';
import { roleName } from '../../parts/health.tsx';
import { Panel, Tile } from '../../parts/panel.tsx';
import { Segments } from '../../parts/segments.tsx';
import { hitText, NodeTable } from './node-table.tsx';
import { Tiers } from './tiers.tsx';

const WorldMap = lazy(() => import('./map.tsx'));

const everyMs = 5_000;

export default function Network() {
  return (
    <Administrators title="Network">
      <All />
    </Administrators>
  );
}

function All() {
  const { ask } = useSession();
  const states = useAnswer(() => ask('GET', '/nodes'), [], everyMs);
  return (
    <>
      <h1>Network</h1>
      <Answered known={states}>
        {(all) => {
          const nodes = nodesOf(all);
          if (nodes.length === 0) return <NoNodes />;
          return (
            <>
              <Figures nodes={nodes} />
              <Picture nodes={nodes} />
              <Panel title="Nodes" wide>
                <NodeTable nodes={nodes} />
                <p class="note">
                  Requests and bytes: of the last ten seconds. Hit ratio: answered by the node itself, since
                  it was started.
                </p>
              </Panel>
            </>
          );
        }}
      </Answered>
      <Cli command={['top']} />
    </>
  );
}

function NoNodes() {
  return (
    <Panel title="No node has reported yet" wide>
      <p>
        Nodes report over the bus every ten seconds after they were started. If this stays empty, see whether
        they run (<code>meridian status</code>) and share a bus with the origin.
      </p>
    </Panel>
  );
}

function Figures({ nodes }: { readonly nodes: readonly NetworkNode[] }) {
  const well = nodes.filter((node) => healthOf(node).kind === 'good').length;
  const silent = nodes.filter(({ isSilent }) => isSilent).length;
  const troubled = nodes.length - well - silent;
  const notes = [troubled > 0 && `${troubled} in trouble`, silent > 0 && `${silent} silent`].filter(Boolean);
  // What clients see: that of PoPs, or of whoever stands in front where there are none.
  const front = nodes.filter(({ role }) => role === nodes[0]?.role);
  const [now, ever] = [sumOf(front.map(({ perS }) => perS)), sumOf(front.map(({ counts }) => counts))];
  const whose = nodes[0] === undefined ? '' : `by ${roleName(nodes[0].role)}s`;
  return (
    <dl class="tiles">
      <Tile
        label="Healthy nodes"
        value={`${well} of ${nodes.length}`}
        note={notes.length === 0 ? 'all is well' : notes.join(', ')}
      />
      <Tile
        label="Requests"
        value={`${rate(total(now, 'requests'))}/s`}
        note={`${count(total(ever, 'requests'))} since the start, ${whose}`}
      />
      <Tile
        label="Sent"
        value={`${bytes(total(now, 'bytes'))}/s`}
        note={`${bytes(total(ever, 'bytes'))} since the start`}
      />
      <Tile
        label="Hit ratio"
        value={hitText(hitShare(ever, 'requests'))}
        note={`${hitText(hitShare(ever, 'bytes'))} of bytes`}
      />
      {nodes[0]?.role === 'pop' && (
        <Tile
          label="Origin offload"
          value={hitText(offload(ever, 'requests'))}
          note={`${hitText(offload(ever, 'bytes'))} of bytes`}
        />
      )}
    </dl>
  );
}

const views = [
  { value: 'map', label: 'Map' },
  { value: 'tiers', label: 'Tiers' },
] as const;
const areas = [
  { value: 'world', label: 'World' },
  { value: 'nodes', label: 'Nodes only' },
] as const;

function Picture({ nodes }: { readonly nodes: readonly NetworkNode[] }) {
  const [query, change] = useQuery();
  const placeless = nodes.filter(({ place }) => place === null);
  const isAnywhere = placeless.length < nodes.length;
  const wanted = views.find(({ value }) => value === query['view'])?.value;
  const view = wanted ?? (isAnywhere ? 'map' : 'tiers');
  const area = query['area'] === 'nodes' ? 'nodes' : 'world';
  const tools = (
    <div class="row">
      {view === 'map' && isAnywhere && (
        <Segments label="Area" options={areas} value={area} choose={(value) => change({ area: value })} />
      )}
      <Segments label="View" options={views} value={view} choose={(value) => change({ view: value })} />
    </div>
  );
  return (
    <Panel title={view === 'map' ? 'Map' : 'Tiers'} tools={tools} wide>
      {view === 'tiers' ? (
        <Tiers nodes={nodes} />
      ) : isAnywhere ? (
        <div class="map-place">
          <ErrorBoundary>
            <WorldMap nodes={nodes} area={area} />
          </ErrorBoundary>
        </div>
      ) : null}
      {view === 'map' && <Placeless nodes={placeless} />}
      <p class="note legend-roles">
        <i class="marker small pop" /> PoP <i class="marker small shield" /> shield{' '}
        <i class="marker small origin" /> origin. A line is as wide as there are requests on it; a dashed one
        stands by.
      </p>
    </Panel>
  );
}

function Placeless({ nodes }: { readonly nodes: readonly NetworkNode[] }) {
  if (nodes.length === 0) return null;
  return (
    <>
      <p class="note">
        The config says nothing of where {nodes.length === 1 ? 'this node is' : 'these nodes are'}. Give{' '}
        {nodes.length === 1 ? 'it' : 'them'} a <code>place</code> with latitude and longitude.
      </p>
      <Tiers nodes={nodes} />
    </>
  );
}
