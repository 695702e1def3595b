/** How each client is pointed at the network, by the address that somebody chooses. */
import { useLocation } from 'preact-iso';
import { addressIn, clientsAt, keep } from '../../data/address.ts';
import type { ClientRoutes } from '../../data/api.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { Answered } from '../../parts/answered.tsx';
import { Choice } from '../../parts/form.tsx';
import { useTitle } from '../../parts/title.ts';
import { Places } from '../packages/places.tsx';
import { routeTitle } from '../packages/search.tsx';
import { AddressChoice } from './address-choice.tsx';
import { ClientCard } from './client-card.tsx';

type Route = ClientRoutes['routes'][number];

export default function Clients() {
  const { ask } = useSession();
  const { query, route: go } = useLocation();
  const chosen = addressIn(query);
  const known = useAnswer(async () => {
    const answer = await clientsAt(ask, chosen);
    if (chosen !== null) keep(chosen);
    return answer;
  }, [query['node'], query['base']]);
  const routes = known.value?.routes ?? [];
  const route = routes.find((each) => each.route === query['route']) ?? routes[0];
  useTitle('Point a client here · Packages');

  function change(parts: Readonly<Record<string, string | undefined>>): void {
    const next = new URLSearchParams(query);
    for (const [name, value] of Object.entries(parts))
      if (value === undefined) next.delete(name);
      else next.set(name, value);
    go(next.size === 0 ? '/console/clients' : `/console/clients?${next}`);
  }

  return (
    <>
      <h1>Point a client here</h1>
      <Places current="clients" />
      <div class="client-choices">
        <AddressChoice
          known={known.value}
          choose={(address) => change({ node: undefined, base: undefined, ...address })}
        />
        {routes.length > 1 && (
          <Choice
            label="Route"
            value={route?.route ?? ''}
            set={(name) => change({ route: name })}
            of={routes.map(({ route: name, protocol }) => [name, routeTitle(name, protocol)])}
          />
        )}
      </div>
      <Answered known={known}>
        {({ base }) => (
          <RouteClients base={base} isOnly={routes.length === 1} route={route} client={query['client']} />
        )}
      </Answered>
    </>
  );
}

function RouteClients({
  base,
  isOnly,
  route,
  client,
}: {
  readonly base: string;
  /** There is no other one. */
  readonly isOnly: boolean;
  readonly route: Route | undefined;
  readonly client: string | undefined;
}) {
  if (route === undefined)
    return (
      <p class="none">The network has no route that clients could be pointed at: its config says which.</p>
    );
  return (
    <>
      <p class="client-where">
        <code>{route.url}</code>
        <span class={route.isOpen ? 'badge good' : 'badge warn'}>
          {route.isOpen ? 'everybody may read' : 'log in to read'}
        </span>
      </p>
      <div class="clients">
        {route.clients.map((each) => (
          <ClientCard
            key={`${route.route} ${each.id}`}
            client={each}
            route={route}
            base={base}
            isOnly={isOnly}
            isChosen={client === each.id}
          />
        ))}
      </div>
    </>
  );
}
