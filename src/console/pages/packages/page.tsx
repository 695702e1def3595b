/** All packages that live here or are kept of other registries: search, filters, pages of results. */
import { useRef } from 'preact/hooks';
import { clientsAt } from '../../data/address.ts';
import type { PackageList } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { Cli } from '../../parts/cli.tsx';
import { count } from '../../parts/format.ts';
import { Panel } from '../../parts/panel.tsx';
import { Places } from './places.tsx';
import { usePopular } from './popular.ts';
import { Results } from './results.tsx';
import { Search } from './search.tsx';
import { useWanted, type Wanted } from './wanted.ts';

const limit = 25;

export default function Packages() {
  const { ask, own } = useSession();
  const { wanted, want, addressAt } = useWanted();
  const { text, route, kind, cursor } = wanted;
  const list = useAnswer(
    async () => ({ found: await ask('GET', at('/packages', {}, asked(wanted))), of: wanted }),
    [text, route, kind, cursor],
  );
  const clients = useAnswer(() => clientsAt(ask, null), []);
  const popular = usePopular();
  const routes = clients.value?.routes.filter(({ protocol }) => protocol !== 'web');

  return (
    <>
      <h1>Packages</h1>
      <Places current="packages" />
      <Search wanted={wanted} want={want} routes={routes ?? []} />
      <Answered known={list}>
        {({ found, of }) => (
          <Panel title={titleOf(found, of)} wide>
            {found.packages.length === 0 ? (
              <Nothing wanted={of} all={() => want({ text: '', route: '', kind: 'all' })} />
            ) : (
              <Results found={found} popular={popular} />
            )}
            <Pager found={found} of={of} addressAt={addressAt} />
            <Cli command={['packages', text || undefined, ...flags(wanted)]} />
          </Panel>
        )}
      </Answered>
      {!own.administers && <p class="note">These are the packages that {own.name} may read.</p>}
    </>
  );
}

function asked({ text, route, kind, cursor }: Wanted) {
  return {
    text: text.trim() || undefined,
    route: route || undefined,
    kind,
    limit,
    cursor: cursor || undefined,
  };
}

function flags({ route, kind }: Wanted): readonly string[] {
  return [...(route === '' ? [] : ['--route', route]), ...(kind === 'all' ? [] : ['--kind', kind])];
}

function titleOf({ total }: PackageList, { text, kind }: Wanted): string {
  const which = kind === 'all' ? '' : `${kind} `;
  const what = `${count(total)} ${which}${total === 1 ? 'package' : 'packages'}`;
  return text.trim() === '' ? what : `${what} with “${text.trim()}”`;
}

function Nothing({ wanted, all }: { readonly wanted: Wanted; readonly all: () => void }) {
  if (wanted.text !== '' || wanted.route !== '' || wanted.kind !== 'all')
    return (
      <p class="none">
        Nothing here is like that.{' '}
        <button type="button" onClick={all}>
          Show all packages
        </button>
      </p>
    );
  return (
    <p class="none">
      There is no package yet: they come with the first install through the network, and with the first one
      that is published here. <a href="/console/clients">Point a client at the network</a>
    </p>
  );
}

/** To the next page and back. Which ones came before is known of those that were seen. */
function Pager({
  found,
  of: { text, route, kind, cursor },
  addressAt,
}: {
  readonly found: PackageList;
  readonly of: Wanted;
  readonly addressAt: (cursor: string) => string;
}) {
  const search = `${text}\n${route}\n${kind}`;
  const trail = useRef<{ readonly search: string; cursors: string[] }>({ search, cursors: [''] });
  if (trail.current.search !== search) trail.current = { search, cursors: [''] };
  const { cursors } = trail.current;
  const here = cursors.indexOf(cursor);
  if (here >= 0 && found.next !== null) cursors[here + 1] = found.next;
  const before = here < 0 ? '' : cursors[here - 1];
  if (found.next === null && cursor === '') return null;
  return (
    <nav class="row pager" aria-label="Pages of the list">
      {cursor !== '' && (
        <a href={addressAt(before ?? '')}>{before === '' ? 'First page' : 'Previous page'}</a>
      )}
      {found.next !== null && <a href={addressAt(found.next)}>Next page</a>}
    </nav>
  );
}
