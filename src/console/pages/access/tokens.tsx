/** All tokens: making them, and taking them back. */
import { useState } from 'preact/hooks';
import type { Token } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { usePages } from '../../data/use-pages.ts';
import { useQuery } from '../../data/use-query.ts';
import { Answered } from '../../parts/answered.tsx';
import { AsksFirst } from '../../parts/asks-first.tsx';
import { Cli } from '../../parts/cli.tsx';
import { More } from '../../parts/more.tsx';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Search } from '../../parts/search.tsx';
import { NewToken } from './new-token.tsx';
import { revoked, TokenTable } from './token-table.tsx';

/** At once: as many as somebody looks through. */
const page = 100;

export function Tokens() {
  const { ask } = useSession();
  const [{ owner = '' }] = useQuery();
  const [isAdding, setAdding] = useState(false);
  const [said, setSaid] = useState<string | null>(null);
  // A whole name is asked for; a part of one is looked for in what is here.
  const whole = /^(user|machine):.+$/.test(owner) ? owner : undefined;
  const { known, more } = usePages(
    async (after) => {
      const rows = await ask('GET', at('/tokens', {}, { owner: whole, after, limit: page }));
      return { rows, next: rows.length < page ? null : (rows.at(-1)?.id ?? null) };
    },
    [whole],
  );
  const fits = (token: Token) =>
    whole !== undefined || `${token.owner} ${token.label} ${token.id}`.includes(owner);
  return (
    <Panel
      title="Tokens"
      wide
      tools={
        <div class="row">
          <Search label="Owner" by="owner" />
          <button type="button" class="main" onClick={() => setAdding(true)}>
            Make a token
          </button>
        </div>
      }
    >
      {said !== null && <Notice kind="good">{said}</Notice>}
      <Answered known={known}>
        {({ rows, next }) => (
          <>
            <TokenTable
              tokens={rows.filter(fits)}
              none={
                owner === ''
                  ? 'There are no tokens yet.'
                  : `No token here is of “${owner}”. A whole name, such as user:alice, is looked for among all.`
              }
              action={(token) => (
                <Revoke
                  token={token}
                  done={(told) => {
                    setSaid(revoked(token.label || token.id, told));
                    known.again();
                  }}
                />
              )}
            />
            {next !== null && <More more={more} does="Show more tokens" />}
          </>
        )}
      </Answered>
      <Cli command={['token', 'list', ...(whole === undefined ? [] : ['--owner', whole])]} />
      {isAdding && <NewToken owner={whole ?? ''} close={() => setAdding(false)} made={known.again} />}
    </Panel>
  );
}

function Revoke({ token, done }: { readonly token: Token; readonly done: (told: boolean) => void }) {
  const { ask, own } = useSession();
  const { id, label, owner } = token;
  return (
    <AsksFirst
      does="Revoke"
      name={`Revoke ${label || id}`}
      title={`Revoke ${label || id}?`}
      command={['token', 'revoke', id]}
      act={async () => {
        const { told } = await ask('DELETE', at('/tokens/:id', { id }));
        done(told);
      }}
    >
      <p>
        Whoever uses it gets 401 at every node, within a moment. It cannot be taken back; {owner} needs
        another one.
      </p>
      {own.token === id && <Notice kind="bad">This is the token that you are signed in with.</Notice>}
    </AsksFirst>
  );
}
