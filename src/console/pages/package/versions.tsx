/** All versions: when they came, how large they are, where their files lie, and what stands against their use. */
import { useState } from 'preact/hooks';
import type { PackagePage } from '../../data/api.ts';
import { Copy } from '../../parts/copy.tsx';
import { bytes, count } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { WhyBlocked } from './why-blocked.tsx';

type Version = PackagePage['versions'][number];

/** Shown at first. */
const atFirst = 50;

const shownDigest = 11;

const places = {
  hosted: 'Here',
  mirrored: 'Mirrored',
  cached: 'Cached',
  upstream: 'Upstream',
} as const;

export function Versions({ page }: { readonly page: PackagePage }) {
  const { name, versions, versionCount, tags } = page;
  const [isAll, setAll] = useState(false);
  const shown = isAll ? versions : versions.slice(0, atFirst);
  return (
    <Panel title="Versions">
      <Table
        caption={`Versions of ${name}`}
        rows={shown}
        id={({ version }) => version}
        none="No version is known."
        columns={[
          { title: 'Version', cell: (version) => <Named version={version} tags={tags} /> },
          { title: 'State', cell: (version) => <State version={version} /> },
          { title: 'Published', cell: (version) => <Published version={version} /> },
          { title: 'Size', isNumber: true, cell: (version) => <Size version={version} /> },
          { title: 'File', cell: ({ kept }) => places[kept] },
          { title: 'Digest', cell: (version) => <Digest version={version} /> },
        ]}
      />
      {!isAll && versions.length > atFirst && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {count(versions.length)}
        </button>
      )}
      {versionCount > versions.length && (
        <p class="note">
          There are {count(versionCount)}; these are the newest {count(versions.length)}.
        </p>
      )}
    </Panel>
  );
}

function Named({
  version: { version },
  tags,
}: {
  readonly version: Version;
  readonly tags: PackagePage['tags'];
}) {
  const own = Object.entries(tags).filter(([, tagged]) => tagged === version);
  return (
    <span class="row badges">
      <strong>{version}</strong>
      {own.map(([tag]) => (
        <span key={tag} class="badge">
          {tag}
        </span>
      ))}
    </span>
  );
}

function State({ version: { deprecated, yanked, blocked } }: { readonly version: Version }) {
  if (blocked === null && deprecated === null && !yanked) return <>Fine</>;
  return (
    <div class="version-state">
      {blocked !== null && (
        <p>
          <WhyBlocked blocked={blocked} />
        </p>
      )}
      {yanked && (
        <p>
          <span class="badge warn">withdrawn</span> by its publisher
        </p>
      )}
      {deprecated !== null && (
        <p>
          <span class="badge warn">deprecated</span> {deprecated}
        </p>
      )}
    </div>
  );
}

function Digest({ version: { version, digest } }: { readonly version: Version }) {
  if (digest === null) return <>–</>;
  return (
    <span class="digest">
      <code title={digest}>{digest.length > shownDigest ? `${digest.slice(0, shownDigest)}…` : digest}</code>
      <Copy text={digest} label={`Copy the digest of ${version}`} />
    </span>
  );
}

function Published({ version: { publishedMs, publisher } }: { readonly version: Version }) {
  return (
    <span class="two-lines">
      <When ms={publishedMs} />
      {publisher !== null && <small>by {publisher}</small>}
    </span>
  );
}

function Size({ version: { sizeBytes, unpackedBytes } }: { readonly version: Version }) {
  return (
    <span class="two-lines">
      {sizeBytes === null ? '–' : bytes(sizeBytes)}
      {unpackedBytes !== null && <small>{bytes(unpackedBytes)} unpacked</small>}
    </span>
  );
}
