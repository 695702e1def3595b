/** What a route asks for, in words, and how old is what it goes by. */
import type { PolicyState } from '../../data/api.ts';
import { Cli } from '../../parts/cli.tsx';
import { count, time } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';

export function Terms({
  route,
  terms,
  sources,
}: Pick<PolicyState, 'terms' | 'sources'> & { readonly route: string }) {
  return (
    <Panel title={`What may be used from ${route}`}>
      {terms.length === 0 ? (
        <p class="none">The policy has no rule in force: everything may be used.</p>
      ) : (
        <ul class="terms">
          {terms.map(({ rule, says, about, except }) => (
            <li key={rule}>
              <code class="badge">{rule}</code>
              <span>
                … {says}
                {about.length > 0 && ': '}
                <Names of={about} />
                {except.length > 0 && (
                  <span class="note">
                    {' '}
                    but for <Names of={except} />
                  </span>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
      {sources.map((source) => (
        <Source key={source.path} {...source} />
      ))}
      <p class="note">Packages that live here are exempt. The config says what the rules are.</p>
      <Cli command={['policy', 'list', route]} />
    </Panel>
  );
}

/** Of a long list the beginning, and the rest for who wants it. */
const shown = 5;

function Names({ of }: { readonly of: readonly string[] }) {
  const rest = of.slice(shown);
  return (
    <>
      <Codes of={of.slice(0, shown)} />
      {rest.length > 0 && (
        <details class="inline">
          <summary>and {count(rest.length)} more</summary>
          <Codes of={rest} />
        </details>
      )}
    </>
  );
}

function Codes({ of }: { readonly of: readonly string[] }) {
  return (
    <>
      {of.map((name, index) => (
        <span key={name}>
          {index > 0 && ', '}
          <code>{name}</code>
        </span>
      ))}
    </>
  );
}

function Source({ path, readMs, records, error }: PolicyState['sources'][number]) {
  return (
    <p class="note">
      <span class={error === null ? 'badge good' : 'badge bad'}>
        {error === null ? 'feed is read' : 'feed cannot be read'}
      </span>{' '}
      {readMs === null
        ? 'No advisories yet'
        : `${count(records)} ${records === 1 ? 'advisory' : 'advisories'}, read ${time(readMs)}`}{' '}
      from <code>{path}</code>
      {error !== null && <span class="bad"> {error}. What was read before stays in force.</span>}
    </p>
  );
}
