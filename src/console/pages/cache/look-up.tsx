/** What would become of a request at every node, tier by tier: found out by looking, without sending it. */
import { useState } from 'preact/hooks';
import type { NetworkExplanation, NodeState } from '../../data/api.ts';
import type { Ask } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { useQuery } from '../../data/use-query.ts';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { Choice, Form, TextField } from '../../parts/form.tsx';
import { milliseconds } from '../../parts/format.ts';
import { Notice } from '../../parts/notice.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Tier } from './tier.tsx';

export function LookUp() {
  const { ask } = useSession();
  const [{ url = '', node = '', method = 'GET' }, change] = useQuery();
  const nodes = useAnswer(() => ask('GET', '/nodes'), []);
  const pops = new Set((nodes.value ?? []).filter(({ role }) => role === 'pop').map((each) => each.node));
  const [wanted, setWanted] = useState({ url, node, method });
  // To a command, a path alone says nothing of where it is.
  const asked = (nodes.value ?? []).find((each) => isAskedOf(each, wanted.node));
  const address = wanted.url.startsWith('/') ? `${asked?.urls[0] ?? ''}${wanted.url}` : wanted.url;
  const set = (name: keyof typeof wanted) => (value: string) => setWanted({ ...wanted, [name]: value });
  return (
    <>
      <Panel title="Look up" wide>
        <Form
          does="Look"
          isReady={wanted.url.trim() !== ''}
          send={async () =>
            change({
              url: wanted.url.trim(),
              node: wanted.node === '' ? undefined : wanted.node,
              method: wanted.method === 'GET' ? undefined : wanted.method,
            })
          }
        >
          <div class="look-up">
            <TextField
              label="Address"
              note="As clients use it, or the path alone. Nothing is sent to it: nodes are asked what they would do."
              placeholder="https://packages.example.com/npm/left-pad"
              required
              value={wanted.url}
              set={set('url')}
            />
            <Choice
              label="From"
              value={wanted.node}
              set={set('node')}
              of={[['', 'all PoPs'], ...[...pops].map((name) => [name, name] as const)]}
            />
            <Choice
              label="Method"
              value={wanted.method}
              set={set('method')}
              of={[
                ['GET', 'GET'],
                ['HEAD', 'HEAD'],
              ]}
            />
          </div>
        </Form>
        <Cli
          command={[
            ...['explain', address || 'URL'],
            ...(wanted.node === '' ? [] : ['--node', wanted.node]),
            ...(wanted.method === 'GET' ? [] : ['--method', wanted.method]),
          ]}
        />
      </Panel>
      {url !== '' && <Found key={`${method} ${node} ${url}`} order={{ url, node, method }} />}
    </>
  );
}

interface Order {
  readonly url: string;
  readonly node: string;
  readonly method: string;
}

function Found({ order }: { readonly order: Order }) {
  const { ask } = useSession();
  const known = useAnswer(() => explained(ask, order), []);
  return (
    <section class="found" aria-live="polite" aria-label="What was found">
      <Answered known={known}>
        {({ nodes, tookMs, method, url }) => (
          <>
            <div class="panel-head">
              <p class="note">
                <strong>
                  {method} {url}
                </strong>{' '}
                at {nodes.length === 1 ? 'one node' : `${nodes.length} nodes`}, asked in{' '}
                {milliseconds(tookMs)}
              </p>
              <button type="button" onClick={known.again}>
                Look again
              </button>
            </div>
            {nodes.length === 0 && <Notice kind="quiet">No node would be asked for this.</Notice>}
            {tiers(nodes).map(([role, of]) => (
              <Tier key={role} role={role} nodes={of} />
            ))}
          </>
        )}
      </Answered>
    </section>
  );
}

/** A path is looked for at a PoP's own address. */
async function explained(ask: Ask, { url, node, method }: Order): Promise<NetworkExplanation> {
  const from = node === '' ? {} : { nodes: [node] };
  if (!url.startsWith('/')) return ask('POST', '/explain', { url, method, ...from });
  const first = (await ask('GET', '/nodes')).find((each) => isAskedOf(each, node));
  const at = first?.node;
  if (at === undefined) throw new Error('No PoP has reported yet: give the whole address.');
  return ask('POST', '/explain', { path: url, node: at, method, ...from });
}

/** @param wanted '': any PoP will do. */
function isAskedOf({ node, role }: NodeState, wanted: string): boolean {
  return wanted === '' ? role === 'pop' : node === wanted;
}

type Nodes = NetworkExplanation['nodes'];

/** In the order in which a request comes to them. */
function tiers(nodes: Nodes): readonly (readonly [role: Nodes[number]['role'], nodes: Nodes])[] {
  return (['pop', 'shield', 'origin'] as const)
    .map((role) => [role, nodes.filter((each) => each.role === role)] as const)
    .filter(([, of]) => of.length > 0);
}
