/** What an index holds: an image for each platform, and what was put beside them. */
import type { ArtifactPage } from '../../data/api.ts';
import { bytes } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { Digest } from '../package/digest.tsx';
import { versionAddress } from '../packages/wanted.ts';

type Child = ArtifactPage['children'][number];

export function Platforms({ page: { route, name, children } }: { readonly page: ArtifactPage }) {
  return (
    <Panel title="Platforms">
      <Table
        caption="Platforms"
        rows={children}
        id={({ digest, platform }) => `${platform} ${digest}`}
        none="It is empty."
        columns={[
          { title: 'Platform', cell: (child) => <Named {...{ route, name, child }} /> },
          { title: 'Kind', cell: ({ kind }) => kind ?? '–' },
          {
            title: 'Size',
            isNumber: true,
            cell: ({ sizeBytes }) => (sizeBytes === null ? '–' : bytes(sizeBytes)),
          },
          {
            title: 'Digest',
            cell: ({ digest, platform }) => <Digest digest={digest} of={platform ?? 'it'} />,
          },
        ]}
      />
    </Panel>
  );
}

function Named({
  route,
  name,
  child: { digest, platform, kind, isHere },
}: {
  readonly route: string;
  readonly name: string;
  readonly child: Child;
}) {
  const title = platform ?? kind ?? 'any';
  if (isHere)
    return (
      <a class="package-name" href={versionAddress(route, name, digest)}>
        {title}
      </a>
    );
  return (
    <span class="row badges">
      {title} <span class="badge">not here</span>
    </span>
  );
}
