/** How an image runs, as its config says. */
import type { ArtifactPage } from '../../data/api.ts';
import { Panel } from '../../parts/panel.tsx';

type Config = NonNullable<ArtifactPage['config']>;

export function Config({ config }: { readonly config: Config }) {
  const { entrypoint, command, user, workingDir, ports, volumes, environment } = config;
  const facts: readonly (readonly [string, readonly string[]])[] = [
    ['Entrypoint', entrypoint],
    ['Command', command],
    ['User', user === null ? [] : [user]],
    ['Directory', workingDir === null ? [] : [workingDir]],
    ['Ports', ports],
    ['Volumes', volumes],
    ['Environment', environment],
  ];
  const known = facts.filter(([, words]) => words.length > 0);
  if (known.length === 0) return null;
  return (
    <Panel title="How it runs">
      <dl class="package-facts beside">
        {known.map(([name, words]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="row badges">
              {words.map((word, at) => (
                <code key={at}>{word}</code>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      {environment.length > 0 && (
        <p class="note">Of its environment, names alone are shown: values may be secrets.</p>
      )}
    </Panel>
  );
}
