/** Purges: the whole network forgets something, or takes it for stale; and how far that has come. */
import { useState } from 'preact/hooks';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { useQuery } from '../../data/use-query.ts';
import { Cli } from '../../parts/cli.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Choice, Form, TextField } from '../../parts/form.tsx';
import { Panel } from '../../parts/panel.tsx';
import { kinds, targetOf } from './kinds.ts';
import { Progress } from './progress.tsx';
import { RecentPurges } from './recent-purges.tsx';

export function Purge() {
  const [{ log, sequence }] = useQuery();
  return (
    <>
      <PurgeForm />
      {log !== undefined && sequence !== undefined && (
        <Progress key={`${log} ${sequence}`} log={log} sequence={sequence} />
      )}
      <RecentPurges after={sequence} />
    </>
  );
}

function PurgeForm() {
  const { ask } = useSession();
  const [{ by: given = 'url', what: named = '', route: ofRoute = '' }, change] = useQuery();
  const [by, setBy] = useState(given);
  const [what, setWhat] = useState(named);
  const [route, setRoute] = useState(ofRoute);
  const [how, setHow] = useState<'gone' | 'stale'>('gone');
  const [isAsking, setAsking] = useState(false);
  const kind = kinds.find((each) => each.by === by) ?? kinds[0];
  // A key may begin or end with a space: `docs ` is the prefix of what `docs-old ` is not.
  const text = kind?.isExact ? what : what.trim();
  const isReady = (kind?.field === null || text !== '') && (by !== 'group' || route !== '');
  const command = ['purge', ...optionOf(by, text, route), how === 'stale' && '--soft', '--wait'];

  return (
    <Panel title="Purge" wide>
      <Form does="Purge …" isReady={isReady} send={async () => setAsking(true)}>
        <div class="pair">
          <Choice
            label="What"
            value={by}
            set={(value) => {
              setBy(value);
              setWhat('');
            }}
            of={kinds.map((each) => [each.by, each.title] as const)}
            note={kind?.field === null ? kind.note : undefined}
          />
          {by === 'route' && <RouteChoice value={what} set={setWhat} />}
          {by === 'group' && <RouteChoice value={route} set={setRoute} />}
          {by !== 'route' && typeof kind?.field === 'string' && (
            <TextField label={kind.field} note={kind.note} required value={what} set={setWhat} />
          )}
          <Choice
            label="How"
            value={how}
            set={(value) => setHow(value === 'stale' ? 'stale' : 'gone')}
            of={[
              ['gone', 'Forget it'],
              ['stale', 'Take it for stale (soft)'],
            ]}
            note="Softly: it is confirmed before its next use, and still serves where its source fails."
          />
        </div>
      </Form>
      <Cli command={command} />
      {isAsking && (
        <Dialog title="Purge this in the whole network?" close={() => setAsking(false)}>
          <Form
            does="Purge"
            isDangerous
            cancel={() => setAsking(false)}
            send={async () => {
              const order = { targets: [targetOf(by, text, route)], soft: how === 'stale' };
              const { position } = await ask('POST', '/purges', order);
              setAsking(false);
              change({ log: position.log, sequence: String(position.sequence) });
            }}
          >
            <p>
              {kind?.title}
              {kind?.field !== null && (
                <>
                  {': '}
                  <code>{by === 'group' ? `${route} ${text}` : text}</code>
                </>
              )}
            </p>
            <p>{consequence(by, how)}</p>
          </Form>
          <Cli command={command} />
        </Dialog>
      )}
    </Panel>
  );
}

function RouteChoice({ value, set }: { readonly value: string; readonly set: (value: string) => void }) {
  const { ask } = useSession();
  const routes = useAnswer(() => ask('GET', '/routes'), []);
  const names = (routes.value ?? []).map(({ name }) => [name, name] as const);
  return <Choice label="Route" value={value} set={set} of={[['', 'Choose a route'], ...names]} />;
}

function optionOf(by: string, what: string, route: string): string[] {
  if (by === 'all') return ['--all'];
  if (by === 'group') return ['--group', `${route || 'ROUTE'} ${what || 'GROUP'}`];
  return by === 'url' ? [what || 'URL'] : [`--${by}`, what || by.toUpperCase()];
}

function consequence(by: string, how: 'gone' | 'stale'): string {
  const whose =
    by === 'all' || by === 'route' ? ' Until caches are warm again, sources get every request.' : '';
  return how === 'gone'
    ? `Every node forgets it, in memory and on disk; whoever asks next waits for its source. This cannot be taken back.${whose}`
    : 'Every node takes it for stale: the next request has it confirmed. Nothing is lost, and it serves where its source fails.';
}
