/** Policy: what routes ask of packages, what was blocked, and why. */
import type { Route } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { useAnswer } from '../../data/use-answer.ts';
import { useQuery } from '../../data/use-query.ts';
import { Answered } from '../../parts/answered.tsx';
import { Notice } from '../../parts/notice.tsx';
import { Denials } from './denials.tsx';
import { Explain } from './explain.tsx';
import { NoPolicy } from './no-policy.tsx';
import { Refusals } from './refusals.tsx';
import { Terms } from './terms.tsx';

const everyMs = 10_000;

export default function Policy() {
  const { ask, own } = useSession();
  const routes = useAnswer(() => ask('GET', '/routes'), []);
  if (!own.administers)
    return (
      <>
        <h1>Policy</h1>
        <Notice kind="quiet">
          What was blocked is for those who administer the network. Whoever may read a route is told why he
          does not get something: the client shows it, and so does asking for the version's address.
        </Notice>
      </>
    );
  return (
    <>
      <h1>Policy</h1>
      <Answered known={routes}>
        {(all) => <OfRoutes routes={all.filter(({ hasPolicy }) => hasPolicy)} />}
      </Answered>
      <Denials />
    </>
  );
}

function OfRoutes({ routes }: { readonly routes: readonly Route[] }) {
  const [{ route: wanted }] = useQuery();
  const current = routes.find(({ name }) => name === wanted) ?? routes[0];
  if (current === undefined) return <NoPolicy />;
  return (
    <>
      {routes.length > 1 && (
        <nav class="tabs" aria-label="Routes with a policy">
          {routes.map(({ name }) => (
            <a
              key={name}
              href={`/console/policy?route=${name}`}
              aria-current={name === current.name ? 'page' : undefined}
            >
              {name}
            </a>
          ))}
        </nav>
      )}
      <OfRoute key={current.name} route={current.name} protocol={current.protocol} />
    </>
  );
}

function OfRoute({ route, protocol }: { readonly route: string; readonly protocol: string }) {
  const { ask } = useSession();
  const state = useAnswer(() => ask('GET', at('/policies/:route', { route })), [route], everyMs);
  return (
    <Answered known={state}>
      {({ terms, sources, refused }) => (
        <>
          <div class="panels spaced">
            <Terms route={route} terms={terms} sources={sources} />
            <Explain route={route} protocol={protocol} />
          </div>
          <Refusals route={route} refused={refused} />
        </>
      )}
    </Answered>
  );
}
