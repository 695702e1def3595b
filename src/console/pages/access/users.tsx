/** Who has an account. */
import { useState } from 'preact/hooks';
import type { User } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { useQuery } from '../../data/use-query.ts';
import { Answered } from '../../parts/answered.tsx';
import { AsksFirst } from '../../parts/asks-first.tsx';
import { Cli } from '../../parts/cli.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Form, PasswordField, TextField } from '../../parts/form.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Search } from '../../parts/search.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';

export function Users() {
  const { ask } = useSession();
  const users = useAnswer(() => ask('GET', '/users'), []);
  const [{ find = '' }] = useQuery();
  const [isAdding, setAdding] = useState(false);
  const fits = ({ name, email }: User) => `${name} ${email ?? ''}`.toLowerCase().includes(find.toLowerCase());
  return (
    <Panel
      title="Users"
      wide
      tools={
        <div class="row">
          <Search label="Find a user" />
          <button type="button" class="main" onClick={() => setAdding(true)}>
            Add a user
          </button>
        </div>
      }
    >
      <Answered known={users}>
        {(all) => (
          <Table
            caption="Users"
            rows={all.filter(fits)}
            id={({ name }) => name}
            none={
              all.length === 0
                ? 'There are no users yet. Add one, give him a right under Grants, and make him a token.'
                : `No user is like “${find}”.`
            }
            columns={[
              { title: 'Name', cell: (user) => <Name {...user} /> },
              { title: 'Email', cell: ({ email }) => email ?? '–' },
              { title: 'Since', cell: ({ createdMs }) => <When ms={createdMs} /> },
              { title: 'See', cell: ({ name }) => <Links name={name} /> },
              { title: 'Actions', cell: (user) => <Actions user={user} again={users.again} /> },
            ]}
          />
        )}
      </Answered>
      <Cli command={['user', 'list']} />
      {isAdding && <AddUser close={() => setAdding(false)} again={users.again} />}
    </Panel>
  );
}

function Name({ name, disabled }: User) {
  return (
    <>
      <strong>{name}</strong> {disabled && <span class="badge warn">disabled</span>}
    </>
  );
}

function Links({ name }: { readonly name: string }) {
  const who = encodeURIComponent(`user:${name}`);
  return (
    <span class="links">
      <a href={`/console/access/tokens?owner=${who}`}>Tokens</a>
      <a href={`/console/access/grants?to=${who}`}>Grants</a>
      <a href={`/console/access/audit?by=${who}`}>Activity</a>
    </span>
  );
}

interface Doing {
  readonly again: () => void;
}

function Actions({ user: { name, disabled }, again }: Doing & { readonly user: User }) {
  const { ask } = useSession();
  const path = at('/users/:name', { name });
  const change = async (to: boolean) => {
    await ask('PUT', path, { disabled: to });
    again();
  };
  return (
    <span class="actions">
      <SetPassword name={name} />
      {disabled ? (
        <button
          type="button"
          class="small"
          aria-label={`Enable ${name}`}
          title={`meridian user enable ${name}`}
          onClick={() => void change(false)}
        >
          Enable
        </button>
      ) : (
        <AsksFirst
          does="Disable"
          name={`Disable ${name}`}
          title={`Disable ${name}?`}
          command={['user', 'disable', name]}
          act={() => change(true)}
        >
          <p>
            His tokens are good for nothing and he cannot log in until he is enabled again. Nothing is lost.
          </p>
        </AsksFirst>
      )}
      <AsksFirst
        does="Remove"
        name={`Remove ${name}`}
        title={`Remove ${name}?`}
        command={['user', 'remove', name]}
        act={async () => {
          await ask('DELETE', path);
          again();
        }}
      >
        <p>
          His tokens stop working at once, everywhere. They are removed with his grants and his place in
          teams, which cannot be taken back. See published stays.
        </p>
      </AsksFirst>
    </span>
  );
}

function AddUser({ close, again }: Doing & { readonly close: () => void }) {
  const { ask } = useSession();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  return (
    <Dialog title="Add a user" close={close}>
      <Form
        does="Add"
        cancel={close}
        isReady={name !== ''}
        send={async () => {
          await ask('POST', '/users', {
            name,
            ...(email === '' ? {} : { email }),
            ...(password === '' ? {} : { password }),
          });
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
        <TextField label="Email (optional)" type="email" value={email} set={setEmail} />
        <PasswordField
          label="Password (optional)"
          note="Ten characters and more, for npm login and the like. Without one, he needs a token made for him."
          value={password}
          set={setPassword}
        />
      </Form>
      <Cli
        command={[
          ...['user', 'add', name || 'NAME'],
          ...(email === '' ? [] : ['--email', email]),
          password !== '' && '--password-stdin',
        ]}
      />
    </Dialog>
  );
}

function SetPassword({ name }: { readonly name: string }) {
  const { ask } = useSession();
  const [isOpen, setOpen] = useState(false);
  const [password, setPassword] = useState('');
  const close = () => {
    setPassword('');
    setOpen(false);
  };
  return (
    <>
      <button
        type="button"
        class="small"
        aria-label={`Set the password of ${name}`}
        onClick={() => setOpen(true)}
      >
        Password
      </button>
      {isOpen && (
        <Dialog title={`Set the password of ${name}`} close={close}>
          <Form
            does="Set the password"
            isReady={password !== ''}
            cancel={close}
            send={async () => {
              await ask('PUT', at('/users/:name', { name }), { password });
              close();
            }}
          >
            <PasswordField
              label="New password"
              note="Ten characters and more. Tokens that he has stay good."
              value={password}
              set={setPassword}
            />
          </Form>
          <Cli command={['user', 'password', name, '--password-stdin']} />
        </Dialog>
      )}
    </>
  );
}
