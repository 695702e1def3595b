/** How often clients have fetched the package, and from where. */
import type { PackagePage } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { bytes, count, percent } from '../../parts/format.ts';
import { Panel, Tile } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';

export function Downloads({
  page: { route, name, downloads, hasArtifacts },
}: {
  readonly page: PackagePage;
}) {
  const { own } = useSession();
  if (downloads.requests === 0)
    return (
      <Panel title="Downloads">
        <p class="none">
          Nobody has asked for it yet, or only just now: nodes tell what they have counted every half a
          minute.
        </p>
      </Panel>
    );
  const { fromMs, toMs, requests, nodes } = downloads;
  return (
    <>
      <dl class="tiles">
        <Tile
          label="Downloads"
          value={count(downloads.downloads)}
          note={hasArtifacts ? 'of manifests' : 'of whole files'}
        />
        <Tile label="Requests" value={count(requests)} note="with those for what is known of it" />
        <Tile label="Bytes" value={bytes(downloads.bytes)} />
      </dl>
      <Panel title="From where">
        <Table
          caption={`Where ${name} was asked for`}
          rows={nodes}
          id={({ node }) => node}
          none="No PoP was asked for it."
          columns={[
            { title: 'PoP', cell: ({ node }) => node },
            { title: 'Share', cell: (one) => <Share of={one.requests} all={requests} /> },
            { title: 'Downloads', isNumber: true, cell: (one) => count(one.downloads) },
            { title: 'Requests', isNumber: true, cell: (one) => count(one.requests) },
            { title: 'Bytes', isNumber: true, cell: (one) => bytes(one.bytes) },
          ]}
        />
      </Panel>
      {own.administers && <Who route={route} name={name} all={downloads.downloads} />}
      <p class="note">
        From <When ms={fromMs} /> to <When ms={toMs} />, in whole days (UTC).
        {downloads.missed > 0 && ` What is counted may be too low by ${count(downloads.missed)} requests.`}
      </p>
    </>
  );
}

/** Tokens: people and machines are behind them. */
function Who({ route, name, all }: { readonly route: string; readonly name: string; readonly all: number }) {
  const { ask } = useSession();
  const known = useAnswer(() => ask('GET', at('/top/:route/:name', { route, name })), []);
  return (
    <Panel title="Who">
      <Answered known={known}>
        {(lines) => (
          <Table
            caption={`Who downloaded ${name}`}
            rows={lines}
            id={({ token }) => token}
            none="Nobody with a token was seen to download it. Whoever has none is not told apart."
            columns={[
              { title: 'Owner', cell: ({ owner, token }) => owner ?? `${token}, of a token that is no more` },
              { title: 'Token', cell: ({ label, token }) => label || token },
              { title: 'Share', cell: (one) => <Share of={one.downloads} all={all} /> },
              { title: 'Downloads', isNumber: true, cell: (one) => count(one.downloads) },
              { title: 'Bytes', isNumber: true, cell: (one) => bytes(one.bytes) },
            ]}
          />
        )}
      </Answered>
    </Panel>
  );
}

function Share({ of, all }: { readonly of: number; readonly all: number }) {
  const share = all === 0 ? 0 : Math.min(1, of / all);
  return (
    <span class="share">
      <span class="share-bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      {percent(share)}
    </span>
  );
}
