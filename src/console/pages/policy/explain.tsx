/** Why a version may be used or not, rule by rule; and of a package, which of its versions are withheld. */
import { useState } from 'preact/hooks';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { useQuery } from '../../data/use-query.ts';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { Form, TextField } from '../../parts/form.tsx';
import { count, time } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';

/** How what may be explained is called, by protocol. */
const subjects: Readonly<Record<string, readonly [name: string, version: string]>> = {
  npm: ['lodash', 'lodash@4.17.20'],
  oci: ['docker.io/library/alpine:3', 'ghcr.io/acme/app@sha256:…'],
  pypi: ['requests', 'requests@2.32.0'],
  go: ['golang.org/x/net', 'golang.org/x/net@v0.38.0'],
  cargo: ['serde', 'serde@1.0.200'],
  maven: ['org.apache.commons:commons-lang3', 'org.apache.commons:commons-lang3@3.17.0'],
  rubygems: ['rack', 'rack@3.1.0'],
  nuget: ['newtonsoft.json', 'newtonsoft.json@13.0.3'],
};
const anySubject = ['a name', 'name@1.0.0'] as const;

export function Explain({ route, protocol }: { readonly route: string; readonly protocol: string }) {
  const label = protocol === 'oci' ? 'Image' : 'Package or version';
  const such = subjects[protocol] ?? anySubject;
  const [{ explain = '' }, change] = useQuery();
  const [text, setText] = useState(explain);
  // A link on this page leads here, too.
  const [from, setFrom] = useState(explain);
  if (from !== explain) {
    setFrom(explain);
    setText(explain);
  }
  return (
    <Panel title="Why?">
      <Form
        does="Explain"
        isReady={text.trim() !== ''}
        send={async () => change({ explain: text.trim(), route })}
      >
        <TextField
          label={label}
          note={
            <>
              such as <code>{such[0]}</code> or <code>{such[1]}</code>
            </>
          }
          value={text}
          set={setText}
        />
      </Form>
      {explain !== '' &&
        (protocol === 'oci' || isOneVersion(explain) ? (
          <OneVersion key={explain} route={route} subject={explain} />
        ) : (
          <WholePackage key={explain} route={route} name={explain} />
        ))}
    </Panel>
  );
}

function isOneVersion(subject: string): boolean {
  return subject.lastIndexOf('@') > 0;
}

interface OneVersionOptions {
  readonly route: string;
  readonly subject: string;
}

const verdicts = {
  allowed: ['good', 'may be used'],
  refused: ['bad', 'refused'],
  unknown: ['warn', 'not known'],
} as const;

function OneVersion({ route, subject }: OneVersionOptions) {
  const { ask } = useSession();
  const known = useAnswer(
    () => ask('GET', at('/policies/:route/:subject', { route, subject })),
    [route, subject],
  );
  return (
    <div class="verdict" aria-live="polite">
      <Answered known={known}>
        {({ verdict, why, untilMs, rules }) => (
          <>
            <p>
              <span class={`badge ${verdicts[verdict][0]}`}>{verdicts[verdict][1]}</span>{' '}
              <strong>{subject}</strong> {why}
              {untilMs !== null && `, until ${time(untilMs)}`}.
            </p>
            {rules.length > 0 && (
              <Table
                caption={`Rules about ${subject}`}
                rows={rules}
                id={({ rule }) => rule}
                none=""
                columns={[
                  { title: 'Verdict', cell: ({ passes }) => <Passes passes={passes} /> },
                  { title: 'Rule', cell: ({ rule }) => <code>{rule}</code> },
                  { title: 'Why', cell: (each) => each.why },
                ]}
              />
            )}
          </>
        )}
      </Answered>
      <Cli command={['policy', 'explain', `${route}:${subject}`]} />
    </div>
  );
}

function Passes({ passes }: { readonly passes: boolean }) {
  return passes ? <span class="badge good">passes</span> : <span class="badge bad">refuses</span>;
}

function WholePackage({ route, name }: { readonly route: string; readonly name: string }) {
  const { ask } = useSession();
  const known = useAnswer(() => ask('GET', at('/packages/:route/:name', { route, name })), [route, name]);
  return (
    <div class="verdict" aria-live="polite">
      <Answered known={known}>
        {({ versions, versionCount, blocked: all }) => {
          const withheld = versions.filter(({ blocked }) => blocked !== null);
          return (
            <>
              <p>
                <span class={`badge ${withheld.length === 0 && all === null ? 'good' : 'bad'}`}>
                  {count(withheld.length)} of {count(versionCount)} withheld
                </span>{' '}
                <strong>{name}</strong>{' '}
                {all === null ? 'has versions that may be used.' : `as a whole is refused: it ${all.why}.`}
              </p>
              {withheld.length > 0 && (
                <Table
                  caption={`Versions of ${name} that are withheld`}
                  rows={withheld}
                  id={({ version }) => version}
                  none=""
                  columns={[
                    {
                      title: 'Version',
                      cell: ({ version }) => (
                        <Subject route={route} subject={`${name}@${version}`} text={version} />
                      ),
                    },
                    { title: 'Why', cell: ({ blocked }) => blocked?.why },
                    {
                      title: 'Until',
                      cell: ({ blocked }) =>
                        blocked?.untilMs ? time(blocked.untilMs) : 'somebody changes a rule',
                    },
                  ]}
                />
              )}
            </>
          );
        }}
      </Answered>
      <Cli command={['package', name, '--route', route]} />
    </div>
  );
}

/** Leads to what the policy says of it. */
export function Subject({
  route,
  subject,
  text = subject,
}: {
  readonly route: string;
  readonly subject: string;
  readonly text?: string;
}) {
  const query = new URLSearchParams({ route, explain: subject });
  return <a href={`/console/policy?${query}`}>{text}</a>;
}
