/** Rights that have been given, and to whom. */
import { useState } from 'preact/hooks';
import type { Grant, Grantee } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { useQuery } from '../../data/use-query.ts';
import { Answered } from '../../parts/answered.tsx';
import { AsksFirst } from '../../parts/asks-first.tsx';
import { Cli } from '../../parts/cli.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Form, TextField } from '../../parts/form.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Search } from '../../parts/search.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { emptyRight, isWhole, RightFields, rightIn, rightOptions } from './right-fields.tsx';
import { inWords, whoIs } from './words.ts';

export function Grants() {
  const { ask } = useSession();
  const grants = useAnswer(() => ask('GET', '/grants'), []);
  const [{ to = '' }] = useQuery();
  const [isAdding, setAdding] = useState(false);
  return (
    <Panel
      title="Grants"
      wide
      tools={
        <div class="row">
          <Search label="To whom" by="to" />
          <button type="button" class="main" onClick={() => setAdding(true)}>
            Give a right
          </button>
        </div>
      }
    >
      <Answered known={grants}>
        {(all) => (
          <Table
            caption="Grants"
            rows={all.filter((grant) => grant.to.includes(to))}
            id={({ id }) => id}
            none={
              to === ''
                ? 'Nothing has been granted: everybody may read open routes, and only the operator may do more.'
                : `Nothing has been granted to “${to}” itself; what its teams, all users and everyone have counts as well.`
            }
            columns={[
              { title: 'To', cell: (grant) => <strong>{grant.to}</strong> },
              { title: 'Right', cell: inWords },
              { title: 'Since', cell: ({ createdMs }) => <When ms={createdMs} /> },
              { title: 'By', cell: ({ by }) => by },
              { title: 'Actions', cell: (grant) => <TakeBack grant={grant} again={grants.again} /> },
            ]}
          />
        )}
      </Answered>
      <Cli command={['grant', 'list', to !== '' && to]} />
      {isAdding && <GiveRight to={to} close={() => setAdding(false)} again={grants.again} />}
    </Panel>
  );
}

function TakeBack({ grant, again }: { readonly grant: Grant; readonly again: () => void }) {
  const { ask } = useSession();
  const { id, to } = grant;
  return (
    <AsksFirst
      does="Take back"
      name={`Take back ${id} of ${to}`}
      title={`Take this right back from ${to}?`}
      command={['grant', 'remove', id]}
      act={async () => {
        await ask('DELETE', at('/grants/:id', { id }));
        again();
      }}
    >
      <p>
        {whoIs(to)} {inWords(grant)}. Every node hears within a moment that this is over, unless another grant
        says the same.
      </p>
    </AsksFirst>
  );
}

function GiveRight({
  to,
  close,
  again,
}: {
  readonly to: string;
  readonly close: () => void;
  readonly again: () => void;
}) {
  const { ask } = useSession();
  const [whom, setWhom] = useState(to);
  const [draft, setDraft] = useState(emptyRight);
  const known = useAnswer(() => grantees(ask), []);
  const right = rightIn(draft);
  const isReady = isGrantee(whom) && isWhole(right);
  return (
    <Dialog title="Give a right" close={close}>
      <Form
        does="Give it"
        isReady={isReady}
        cancel={close}
        send={async () => {
          if (!isGrantee(whom)) return;
          await ask('POST', '/grants', { to: whom, ...right });
          again();
          close();
        }}
      >
        <TextField
          label="To"
          note="user:NAME, team:NAME, machine:NAME, users (all with an account) or everyone"
          required
          value={whom}
          set={setWhom}
          suggestions={known.value ?? []}
        />
        <RightFields draft={draft} set={setDraft} />
        {isReady && (
          <p class="says" aria-live="polite">
            {whoIs(whom)} {inWords(right)}.
          </p>
        )}
      </Form>
      <Cli command={['grant', 'add', whom || 'WHOM', ...rightOptions(right)]} />
    </Dialog>
  );
}

async function grantees(ask: ReturnType<typeof useSession>['ask']): Promise<string[]> {
  const [users, teams] = await Promise.all([ask('GET', '/users'), ask('GET', '/teams')]);
  return [
    ...users.map(({ name }) => `user:${name}`),
    ...teams.map(({ name }) => `team:${name}`),
    'users',
    'everyone',
  ];
}

function isGrantee(text: string): text is Grantee {
  return /^(everyone|users|(user|team|machine):.+)$/.test(text);
}
