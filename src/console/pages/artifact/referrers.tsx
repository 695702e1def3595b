/** What is about it: signatures, lists of what is in it, attestations. */
import type { ArtifactPage } from '../../data/api.ts';
import { bytes } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { Digest } from '../package/digest.tsx';
import { versionAddress } from '../packages/wanted.ts';

export function Referrers({ page: { route, name, referrers } }: { readonly page: ArtifactPage }) {
  return (
    <Panel title="Signatures, SBOMs, attestations">
      <Table
        caption="What refers to it"
        rows={referrers}
        id={({ digest, tag }) => `${digest} ${tag}`}
        none="Nothing refers to it."
        columns={[
          {
            title: 'Kind',
            cell: ({ kind, digest }) => (
              <a class="package-name" href={versionAddress(route, name, digest)}>
                {kind}
              </a>
            ),
          },
          {
            title: 'Type',
            cell: ({ artifactType, tag }) => <span class="type">{artifactType ?? tag ?? '–'}</span>,
          },
          { title: 'Size', isNumber: true, cell: ({ sizeBytes }) => bytes(sizeBytes) },
          { title: 'Digest', cell: ({ digest, kind }) => <Digest digest={digest} of={kind} /> },
        ]}
      />
    </Panel>
  );
}
