/** What the route's policy says of the package. */
import type { PackagePage } from '../../data/api.ts';
import { useSession } from '../../data/session.ts';
import { count } from '../../parts/format.ts';

export function Policy({ page: { route, name, blocked, versions } }: { readonly page: PackagePage }) {
  const { own } = useSession();
  const against = versions.filter((each) => each.blocked !== null).length;
  const where = `/console/policy?${new URLSearchParams({ route, explain: name })}`;
  return (
    <>
      <p class="fact-line">
        {blocked !== null ? (
          <span class="badge bad">blocked</span>
        ) : against > 0 ? (
          <>
            <span class="badge warn">
              {count(against)} {against === 1 ? 'version' : 'versions'} blocked
            </span>{' '}
            The others can be installed.
          </>
        ) : (
          <>Lets all versions through.</>
        )}
      </p>
      {own.administers && (
        <p class="note">
          <a href={where}>What the policy says</a>
        </p>
      )}
    </>
  );
}
