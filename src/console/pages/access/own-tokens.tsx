/** One's own tokens, for those who administer nothing. */
import { useState } from 'preact/hooks';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { AsksFirst } from '../../parts/asks-first.tsx';
import { Cli } from '../../parts/cli.tsx';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';
import { revoked, TokenTable } from './token-table.tsx';

export function OwnTokens() {
  const { ask, own, leave } = useSession();
  const tokens = useAnswer(() => ask('GET', '/own/tokens'), []);
  const [said, setSaid] = useState<string | null>(null);
  return (
    <Panel title="Your tokens" wide>
      {said !== null && <Notice kind="good">{said}</Notice>}
      <Answered known={tokens}>
        {(all) => (
          <TokenTable
            tokens={all}
            none="You have no tokens that are kept here."
            action={({ id, label }) => (
              <AsksFirst
                does="Revoke"
                name={`Revoke ${label || id}`}
                title={`Revoke ${label || id}?`}
                command={['token', 'revoke', id, '--own']}
                act={async () => {
                  const { told } = await ask('DELETE', at('/own/tokens/:id', { id }));
                  if (id === own.token) return leave();
                  setSaid(revoked(label || id, told));
                  tokens.again();
                }}
              >
                <p>Whatever uses it gets 401 at every node, within a moment. It cannot be taken back.</p>
                {own.token === id && (
                  <Notice kind="bad">
                    This is the token that you are signed in with: you will be signed out.
                  </Notice>
                )}
              </AsksFirst>
            )}
          />
        )}
      </Answered>
      <Cli command={['token', 'list', '--own']} />
    </Panel>
  );
}
