/** What there is to say of a node now. */
import type { Counts } from '../../data/api.ts';
import { histogramOf, quantileMs, total } from '../../data/counts.ts';
import { layersOf } from '../../data/layers.ts';
import { healthOf, type NetworkNode } from '../../data/network-node.ts';
import { FillLevel } from '../../parts/fill-level.tsx';
import { bytes, count, duration, milliseconds, rate, time } from '../../parts/format.ts';
import { nodePath, roleName } from '../../parts/health.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';

export function Troubles({ node, nowMs }: { readonly node: NetworkNode; readonly nowMs: number }) {
  const { kind, reasons } = healthOf(node);
  if (reasons.length === 0) return null;
  return (
    <div class={`notice ${kind}`} role="alert">
      {reasons.map((reason) => (
        <div key={reason}>{reason}</div>
      ))}
      {node.isSilent && (
        <div>
          Last heard of {duration(nowMs - node.heardMs)} before the newest report, at {time(node.heardMs)}.
          What is below is of then.
        </div>
      )}
    </div>
  );
}

export function About({ node }: { readonly node: NetworkNode }) {
  const { role, place, versions, startedMs, heardMs, urls, parents, workers, rssBytes, fills, perS } = node;
  return (
    <Panel title="About it">
      <dl class="facts">
        <dt>Role</dt>
        <dd>{roleName(role)}</dd>
        {place !== null && (
          <>
            <dt>Place</dt>
            <dd>
              {place.name} <small>{`${place.latitude.toFixed(2)}°, ${place.longitude.toFixed(2)}°`}</small>
            </dd>
          </>
        )}
        <dt>Version</dt>
        <dd>{versions.join(', ')}</dd>
        <dt>Runs for</dt>
        <dd title={time(startedMs)}>{duration(heardMs - startedMs)}</dd>
        <dt>Serves at</dt>
        <dd>
          {urls.map((url) => (
            <div key={url}>{url}</div>
          ))}
        </dd>
        <dt>Asks</dt>
        <dd>
          {parents.length === 0
            ? 'no other node'
            : parents.map((parent, at) => (
                <span key={parent}>
                  {at > 0 && ', then '}
                  <a href={nodePath(parent)}>{parent}</a>
                </span>
              ))}
        </dd>
        <dt>Requests</dt>
        <dd>{node.isSilent ? '–' : `${rate(total(perS, 'requests'))}/s`}</dd>
        <dt>Fills under way</dt>
        <dd>{count(fills)}</dd>
        <dt>Resident memory</dt>
        <dd>{bytes(rssBytes)}</dd>
        <dt>Workers</dt>
        <dd>{workers.length}</dd>
      </dl>
    </Panel>
  );
}

export function Stores({ node: { memory, disk, counts } }: { readonly node: NetworkNode }) {
  const routes = Object.entries(counts.routes).sort(([, a], [, b]) => b - a);
  return (
    <Panel title="What it keeps">
      <dl class="facts">
        <dt>Memory</dt>
        <dd>
          <FillLevel store={memory} />
          <small>{count(memory.entries)} entries</small>
        </dd>
        <dt>Disk</dt>
        <dd>
          {disk === null ? (
            'none'
          ) : (
            <>
              <FillLevel store={disk} />
              <small>{count(disk.entries)} entries</small>
            </>
          )}
        </dd>
      </dl>
      <h3>Routes asked since its start</h3>
      <Table
        caption="Routes asked since its start"
        rows={routes.slice(0, 8)}
        id={([route]) => route}
        none="No route was asked for anything yet."
        columns={[
          { title: 'Route', cell: ([route]) => (route === '' ? 'none' : route) },
          { title: 'Requests', isNumber: true, cell: ([, requests]) => count(requests) },
        ]}
      />
    </Panel>
  );
}

export function LayerTimes({
  counts,
  bounds,
}: {
  readonly counts: Counts;
  readonly bounds: readonly number[];
}) {
  const ms = (name: string, share: number) => {
    const value = quantileMs(bounds, histogramOf(counts, name), share);
    return value === null ? '–' : milliseconds(value);
  };
  return (
    <Panel title="Latency by layer">
      <Table
        caption="Latency by layer in the last hour"
        rows={layersOf(Object.keys(counts.layers))}
        id={({ name }) => name}
        none="No request was answered in the last hour."
        columns={[
          { title: 'Answered from', cell: ({ label }) => label },
          {
            title: 'Requests',
            isNumber: true,
            cell: ({ name }) => count(counts.layers[name]?.requests ?? 0),
          },
          { title: 'p50', isNumber: true, cell: ({ name }) => ms(name, 0.5) },
          { title: 'p90', isNumber: true, cell: ({ name }) => ms(name, 0.9) },
          { title: 'p99', isNumber: true, cell: ({ name }) => ms(name, 0.99) },
        ]}
      />
    </Panel>
  );
}
