/** What an image is made of, the lowest first: how large each layer is beside the others, what has made it, and whether others have it. */
import type { ArtifactPage } from '../../data/api.ts';
import { bytes } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { Digest } from '../package/digest.tsx';

type Layer = ArtifactPage['layers'][number];

export function Layers({ page: { layers } }: { readonly page: ArtifactPage }) {
  const largest = Math.max(1, ...layers.map(({ sizeBytes }) => sizeBytes));
  const rows = layers.map((layer, at) => ({ layer, at: at + 1 }));
  return (
    <Panel title="Layers">
      <Table
        caption="Layers"
        rows={rows}
        id={({ at }) => String(at)}
        none="It has none."
        columns={[
          { title: '#', isNumber: true, cell: ({ at }) => at },
          { title: 'Made by', cell: ({ layer }) => <Made layer={layer} /> },
          { title: 'Size', cell: ({ layer }) => <Size layer={layer} largest={largest} /> },
          { title: 'Digest', cell: ({ layer, at }) => <Digest digest={layer.digest} of={`layer ${at}`} /> },
        ]}
      />
    </Panel>
  );
}

function Made({ layer: { history, mediaType } }: { readonly layer: Layer }) {
  return (
    <span class="layer">
      {history !== null && <code>{history}</code>}
      <small>{mediaType}</small>
    </span>
  );
}

function Size({
  layer: { sizeBytes, isShared },
  largest,
}: {
  readonly layer: Layer;
  readonly largest: number;
}) {
  return (
    <span class="layer-size">
      <span class="row">
        {bytes(sizeBytes)}
        {isShared === true && <span class="badge">shared</span>}
      </span>
      <span class="size-bar" aria-hidden="true">
        <span
          class={isShared === true ? 'part-shared' : 'part-own'}
          style={{ width: `${Math.max(1, (sizeBytes / largest) * 100)}%` }}
        />
      </span>
    </span>
  );
}
