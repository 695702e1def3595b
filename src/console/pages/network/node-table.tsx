/** Every node, as a table: what the map shows, and more. */
import { hitShare, total } from '../../data/counts.ts';
import type { NetworkNode } from '../../data/network-node.ts';
import { FillLevel } from '../../parts/fill-level.tsx';
import { bytes, duration, percent, rate } from '../../parts/format.ts';
import { HealthBadge, nodePath, nowOf, roleName } from '../../parts/health.tsx';
import { Table } from '../../parts/table.tsx';

export function NodeTable({ nodes }: { readonly nodes: readonly NetworkNode[] }) {
  const nowMs = nowOf(nodes);
  return (
    <Table
      caption="Nodes of the network"
      rows={nodes}
      id={({ name }) => name}
      none="No node has reported yet: they do so every ten seconds."
      columns={[
        { title: 'Node', cell: ({ name }) => <a href={nodePath(name)}>{name}</a> },
        { title: 'Role', cell: ({ role }) => roleName(role) },
        { title: 'Place', cell: ({ place }) => placeName(place) },
        { title: 'Health', cell: (node) => <HealthBadge node={node} nowMs={nowMs} /> },
        {
          title: 'Requests',
          isNumber: true,
          cell: ({ perS, isSilent }) => (isSilent ? '–' : `${rate(total(perS, 'requests'))}/s`),
        },
        {
          title: 'Sends',
          isNumber: true,
          cell: ({ perS, isSilent }) => (isSilent ? '–' : `${bytes(total(perS, 'bytes'))}/s`),
        },
        { title: 'Hit ratio', isNumber: true, cell: ({ counts }) => hitText(hitShare(counts, 'requests')) },
        {
          title: 'Memory',
          cell: ({ memory }) => <FillLevel store={memory} />,
        },
        {
          title: 'Runs for',
          isNumber: true,
          cell: ({ startedMs, heardMs }) => duration(heardMs - startedMs),
        },
      ]}
    />
  );
}

export function hitText(share: number | null): string {
  return share === null ? '–' : percent(share);
}

function placeName(place: NetworkNode['place']): string {
  if (place === null) return '–';
  return place.name ?? `${place.latitude.toFixed(1)}, ${place.longitude.toFixed(1)}`;
}
