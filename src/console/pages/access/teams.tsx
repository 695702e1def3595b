/** Users who have rights together. */
import { useState } from 'preact/hooks';
import type { Team } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { AsksFirst } from '../../parts/asks-first.tsx';
import { Cli } from '../../parts/cli.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Form, TextField } from '../../parts/form.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';

export function Teams() {
  const { ask } = useSession();
  const teams = useAnswer(() => ask('GET', '/teams'), []);
  const [isAdding, setAdding] = useState(false);
  return (
    <Panel
      title="Teams"
      wide
      tools={
        <button type="button" class="main" onClick={() => setAdding(true)}>
          Add a team
        </button>
      }
    >
      <Answered known={teams}>
        {(all) => (
          <Table
            caption="Teams"
            rows={all}
            id={({ name }) => name}
            none="There are no teams yet. What a team is granted, all of its members may do."
            columns={[
              { title: 'Name', cell: ({ name }) => <strong>{name}</strong> },
              { title: 'Members', cell: (team) => <Members team={team} again={teams.again} /> },
              { title: 'Since', cell: ({ createdMs }) => <When ms={createdMs} /> },
              {
                title: 'See',
                cell: ({ name }) => (
                  <a href={`/console/access/grants?to=${encodeURIComponent(`team:${name}`)}`}>Grants</a>
                ),
              },
              { title: 'Actions', cell: (team) => <Actions team={team} again={teams.again} /> },
            ]}
          />
        )}
      </Answered>
      <Cli command={['team', 'list']} />
      {isAdding && <AddTeam close={() => setAdding(false)} again={teams.again} />}
    </Panel>
  );
}

interface OfTeam {
  readonly team: Team;
  readonly again: () => void;
}

function Members({ team: { name, members }, again }: OfTeam) {
  const { ask } = useSession();
  if (members.length === 0) return <span class="note">nobody yet</span>;
  return (
    <ul class="chips">
      {members.map((user) => (
        <li key={user} class="chip">
          {user}
          <AsksFirst
            does="Take out"
            icon="close"
            name={`Take ${user} out of ${name}`}
            title={`Take ${user} out of ${name}?`}
            command={['team', 'leave', name, user]}
            act={async () => {
              await ask('DELETE', at('/teams/:name/members/:user', { name, user }));
              again();
            }}
          >
            <p>{user} loses at once what the team has been granted, unless he has it otherwise.</p>
          </AsksFirst>
        </li>
      ))}
    </ul>
  );
}

function Actions({ team, again }: OfTeam) {
  const { ask } = useSession();
  const { name } = team;
  return (
    <span class="actions">
      <AddMember team={team} again={again} />
      <AsksFirst
        does="Remove"
        name={`Remove ${name}`}
        title={`Remove the team ${name}?`}
        command={['team', 'remove', name]}
        act={async () => {
          await ask('DELETE', at('/teams/:name', { name }));
          again();
        }}
      >
        <p>Its grants go with it: its members lose at once what they may do as members. The users stay.</p>
      </AsksFirst>
    </span>
  );
}

function AddMember({ team: { name, members }, again }: OfTeam) {
  const { ask } = useSession();
  const [isOpen, setOpen] = useState(false);
  const [user, setUser] = useState('');
  const users = useAnswer(async () => (isOpen ? await ask('GET', '/users') : []), [isOpen]);
  const others = (users.value ?? []).map((each) => each.name).filter((each) => !members.includes(each));
  const close = () => {
    setUser('');
    setOpen(false);
  };
  return (
    <>
      <button
        type="button"
        class="small"
        aria-label={`Add a member to ${name}`}
        onClick={() => setOpen(true)}
      >
        Add a member
      </button>
      {isOpen && (
        <Dialog title={`Add a member to ${name}`} close={close}>
          <Form
            does="Add"
            isReady={user !== ''}
            cancel={close}
            send={async () => {
              await ask('PUT', at('/teams/:name/members/:user', { name, user }));
              again();
              close();
            }}
          >
            <TextField label="User" required value={user} set={setUser} suggestions={others} />
          </Form>
          <Cli command={['team', 'join', name, user || 'USER']} />
        </Dialog>
      )}
    </>
  );
}

function AddTeam({ close, again }: { readonly close: () => void; readonly again: () => void }) {
  const { ask } = useSession();
  const [name, setName] = useState('');
  return (
    <Dialog title="Add a team" close={close}>
      <Form
        does="Add"
        isReady={name !== ''}
        cancel={close}
        send={async () => {
          await ask('POST', '/teams', { name });
          again();
          close();
        }}
      >
        <TextField
          label="Name"
          note="Small letters, digits, dots, hyphens and underscores."
          required
          value={name}
          set={setName}
        />
      </Form>
      <Cli command={['team', 'add', name || 'NAME']} />
    </Dialog>
  );
}
