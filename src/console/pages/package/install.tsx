/** The command that installs the package with each client, with the address of this network filled in. */
import { useState } from 'preact/hooks';
import { clientsAt } from '../../data/address.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { quoted } from '../../parts/cli.tsx';
import { Code } from '../../parts/code.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Segments } from '../../parts/segments.tsx';

const storageKey = 'meridian.client';

export function Install({ route, name }: { readonly route: string; readonly name: string }) {
  const { ask } = useSession();
  const known = useAnswer(() => clientsAt(ask, null), []);
  const [chosen, choose] = useState(() => localStorage.getItem(storageKey) ?? '');
  return (
    <Panel title="Install">
      <Answered known={known}>
        {({ routes }) => {
          const at = routes.find((each) => each.route === route);
          const clients = (at?.clients ?? []).flatMap(({ id, title, install }) =>
            install === null ? [] : [{ id, title, install }],
          );
          const client = clients.find(({ id }) => id === chosen) ?? clients[0];
          if (at === undefined || client === undefined)
            return <p class="none">No client of this route installs single packages.</p>;
          return (
            <>
              <Segments
                label="Client"
                options={clients.map(({ id, title }) => ({ value: id, label: title }))}
                value={client.id}
                choose={(id) => {
                  localStorage.setItem(storageKey, id);
                  choose(id);
                }}
              />
              <Code text={client.install.replace('{package}', () => quoted(name))} label="Copy the command" />
              <p class="note">
                {at.isOpen ? '' : 'Log in first. '}
                <a href={`/console/clients?route=${encodeURIComponent(route)}&client=${client.id}`}>
                  Set {client.title} up for good
                </a>
                {' · '}
                <a href="/console/clients">Choose another address</a>
              </p>
            </>
          );
        }}
      </Answered>
    </Panel>
  );
}
