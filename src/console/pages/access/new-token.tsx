/** Makes a token, and shows it, once. */
import { useState } from 'preact/hooks';
import type { MadeToken } from '../../data/api.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Cli, repeated } from '../../parts/cli.tsx';
import { Copy } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Choice, Form, TextField } from '../../parts/form.tsx';
import { Notice } from '../../parts/notice.tsx';
import { emptyRight, isWhole, RightFields, rightIn, rightOptions, wordsIn } from './right-fields.tsx';
import { inWords } from './words.ts';

const times = [
  ['1d', 'in a day', 86_400],
  ['30d', 'in 30 days', 30 * 86_400],
  ['90d', 'in 90 days', 90 * 86_400],
  ['365d', 'in a year', 365 * 86_400],
  ['', 'never', undefined],
] as const;

interface NewTokenOptions {
  readonly owner: string;
  readonly close: () => void;
  readonly made: () => void;
}

export function NewToken({ owner, close, made }: NewTokenOptions) {
  const [token, setToken] = useState<MadeToken | null>(null);
  if (token !== null) return <Shown token={token} close={close} />;
  return (
    <Dialog title="Make a token" close={close}>
      <Fields
        owner={owner}
        close={close}
        done={(given) => {
          setToken(given);
          made();
        }}
      />
    </Dialog>
  );
}

function Shown({
  token: { token, owner, label },
  close,
}: {
  readonly token: MadeToken;
  readonly close: () => void;
}) {
  return (
    <Dialog title={`The token of ${owner}`} close={close}>
      <p>
        {label !== '' && <strong>{label}. </strong>}
        Keep it well: it is shown this once, and the network keeps no more of it than a digest.
      </p>
      <div class="secret">
        <code>{token}</code>
        <Copy text={token} label="Copy the token" />
      </div>
      <div class="row">
        <button type="button" class="main" onClick={close}>
          I have it
        </button>
      </div>
    </Dialog>
  );
}

function Fields({
  owner: given,
  close,
  done,
}: {
  readonly owner: string;
  readonly close: () => void;
  readonly done: (token: MadeToken) => void;
}) {
  const { ask } = useSession();
  const [owner, setOwner] = useState(given);
  const [label, setLabel] = useState('');
  const [expires, setExpires] = useState('90d');
  const [addresses, setAddresses] = useState('');
  const [may, setMay] = useState<'all' | 'some'>('all');
  const [draft, setDraft] = useState(emptyRight);
  const users = useAnswer(() => ask('GET', '/users'), []);
  const right = rightIn(draft);
  const blocks = wordsIn(addresses);
  const expiresS = times.find(([text]) => text === expires)?.[2];
  const isReady = isOwner(owner) && (may === 'all' || isWhole(right));

  return (
    <>
      <Form
        does="Make it"
        isReady={isReady}
        cancel={close}
        send={async () => {
          if (!isOwner(owner)) return;
          done(
            await ask('POST', '/tokens', {
              ...{ owner, label, addresses: blocks },
              ...(expiresS === undefined ? {} : { expiresS }),
              ...(may === 'all' ? {} : { limit: [right] }),
            }),
          );
        }}
      >
        <div class="pair">
          <TextField
            label="Owner"
            note="user:NAME, or machine:NAME for what is no person"
            required
            value={owner}
            set={setOwner}
            suggestions={(users.value ?? []).map(({ name }) => `user:${name}`)}
          />
          <TextField label="Label" note="What it is for" value={label} set={setLabel} />
          <Choice
            label="Expires"
            value={expires}
            set={setExpires}
            of={times.map(([text, title]) => [text, title] as const)}
          />
          <TextField
            label="Addresses (optional)"
            note="Good from these alone, such as 10.0.0.0/8"
            value={addresses}
            set={setAddresses}
          />
        </div>
        <Choice
          label="What it may do"
          value={may}
          set={(value) => setMay(value === 'some' ? 'some' : 'all')}
          of={[
            ['all', 'All that its owner may'],
            ['some', 'No more than the following'],
          ]}
        />
        {may === 'some' && <RightFields draft={draft} set={setDraft} />}
        {may === 'some' && isWhole(right) && (
          <p class="says" aria-live="polite">
            Whoever has it {inWords(right)}, as far as its owner may.
          </p>
        )}
        {expires === '' && <Notice kind="quiet">It is good until somebody revokes it.</Notice>}
      </Form>
      <Cli
        command={[
          ...['token', 'create', '--owner', owner || 'OWNER'],
          ...(label === '' ? [] : ['--label', label]),
          ...(expires === '' ? [] : ['--expires', expires]),
          ...repeated('--address', blocks),
          ...(may === 'all' ? [] : rightOptions(right)),
        ]}
      />
    </>
  );
}

function isOwner(text: string): text is MadeToken['owner'] {
  return /^(user|machine):.+$/.test(text);
}
