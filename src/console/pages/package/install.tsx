/** The command that fetches the package with each client, with the address of this network filled in. */
import { type Install as Installing, installLine } from '../../data/install.ts';
import { Answered } from '../../parts/answered.tsx';
import { Code } from '../../parts/code.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Segments } from '../../parts/segments.tsx';

export function Install({
  by: { known, clients, client, choose },
  route,
  name,
  version = null,
  title = 'Install',
  isRestricted = false,
}: {
  readonly by: Installing;
  readonly route: string;
  readonly name: string;
  readonly version?: string | null;
  readonly title?: string;
  readonly isRestricted?: boolean;
}) {
  return (
    <Panel title={title}>
      <Answered known={known}>
        {({ routes }) => {
          const at = routes.find((each) => each.route === route);
          if (at === undefined || client === undefined)
            return <p class="none">No client of this route installs single packages.</p>;
          return (
            <>
              <Segments
                label="Client"
                options={clients.map(({ id, title }) => ({ value: id, label: title }))}
                value={client.id}
                choose={choose}
              />
              <Code text={installLine(client, name, version)} label="Copy the command" />
              <p class="note">
                {at.isOpen && !isRestricted ? '' : 'Log in first. '}
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
