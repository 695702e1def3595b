/** The tags of a repository, the newest first: what each is, how large, since when, and the command that pulls it. */
import { useState } from 'preact/hooks';
import type { PackagePage } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { type Client, installLine } from '../../data/install.ts';
import { useSession } from '../../data/session.ts';
import { Copy } from '../../parts/copy.tsx';
import { bytes, count } from '../../parts/format.ts';
import { More } from '../../parts/more.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { versionAddress } from '../packages/wanted.ts';
import { Digest } from './digest.tsx';
import { WhyBlocked } from './why-blocked.tsx';

type Version = PackagePage['versions'][number];

/** Shown at first. */
const atFirst = 50;
/** What needs no search. */
const few = 12;

export function Tags({ page, client }: { readonly page: PackagePage; readonly client: Client | undefined }) {
  const { route, name, versionCount } = page;
  const { versions, next, more } = useVersions(page);
  const [text, setText] = useState('');
  const [isAll, setAll] = useState(false);
  const wanted = text.trim().toLowerCase();
  const found = versions.filter(
    ({ version, digest }) => version.toLowerCase().includes(wanted) || digest === wanted,
  );
  const shown = isAll ? found : found.slice(0, atFirst);
  return (
    <Panel title="Tags" tools={versionCount > few && <Find text={text} set={setText} />}>
      <Table
        caption={`Tags of ${name}`}
        rows={shown}
        id={({ version }) => version}
        none={wanted === '' ? 'Nothing of it has a tag.' : 'No tag is like that.'}
        columns={[
          { title: 'Tag', cell: (version) => <Named {...{ route, name, version }} /> },
          {
            title: 'Size',
            isNumber: true,
            cell: ({ sizeBytes }) => (sizeBytes === null ? '–' : bytes(sizeBytes)),
          },
          {
            title: page.kind === 'hosted' ? 'Pushed' : 'Pulled',
            cell: (version) => <Pushed version={version} />,
          },
          { title: 'Digest', cell: ({ version, digest }) => <Digest digest={digest} of={version} /> },
          {
            title: 'Pull',
            cell: ({ version }) =>
              client === undefined ? (
                '–'
              ) : (
                <Copy
                  text={installLine(client, name, version)}
                  label={`Copy the command that pulls ${version}`}
                />
              ),
          },
        ]}
      />
      {!isAll && found.length > atFirst && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {count(found.length)}
        </button>
      )}
      {next !== null && (
        <>
          <p class="note">
            There are {count(versionCount)}; these are the newest {count(versions.length)}.
          </p>
          <More more={more} does="Fetch more" />
        </>
      )}
    </Panel>
  );
}

function Find({ text, set }: { readonly text: string; readonly set: (text: string) => void }) {
  return (
    <input
      type="search"
      class="search"
      aria-label="Find a tag"
      placeholder="Find a tag"
      spellcheck={false}
      autocomplete="off"
      value={text}
      onInput={({ currentTarget: { value } }) => set(value)}
    />
  );
}

/** Those that came with the page, and others when somebody asks for them. */
function useVersions({ route, name, versions: first, nextVersions }: PackagePage) {
  const { ask } = useSession();
  const [known, setKnown] = useState<{ readonly versions: readonly Version[]; readonly next: string | null }>(
    {
      ...{ versions: first, next: nextVersions },
    },
  );
  return {
    ...known,
    async more() {
      const asked = at(
        '/packages/:route/:name/versions',
        { route, name },
        { cursor: known.next ?? undefined },
      );
      const { versions, next } = await ask('GET', asked);
      setKnown({ versions: [...known.versions, ...versions], next });
    },
  };
}

function Named({
  route,
  name,
  version: { version, artifact, blocked },
}: {
  readonly route: string;
  readonly name: string;
  readonly version: Version;
}) {
  const platforms = artifact?.platforms ?? [];
  return (
    <span class="tag-cell">
      <a class="package-name" href={versionAddress(route, name, version)}>
        {version}
      </a>
      <span class="row badges">
        {artifact !== null && artifact.kind !== 'image' && <span class="badge">{artifact.kind}</span>}
        {platforms.map((platform) => (
          <small key={platform}>{platform}</small>
        ))}
      </span>
      {blocked !== null && (
        <small>
          <WhyBlocked blocked={blocked} />
        </small>
      )}
    </span>
  );
}

function Pushed({ version: { publishedMs, publisher } }: { readonly version: Version }) {
  return (
    <span class="two-lines">
      <When ms={publishedMs} />
      {publisher !== null && <small>by {publisher}</small>}
    </span>
  );
}
