/** Takes all of what lives here away. */
import { useLocation } from 'preact-iso';
import type { PackagePage } from '../../data/api.ts';
import { at } from '../../data/ask.ts';
import { useSession } from '../../data/session.ts';
import { AsksFirst } from '../../parts/asks-first.tsx';
import { count } from '../../parts/format.ts';

export function Remove({ page }: { readonly page: PackagePage }) {
  const { route, name } = page;
  const { ask } = useSession();
  const { route: go } = useLocation();
  return (
    <div class="purge">
      <AsksFirst
        does="Delete"
        name={`Delete ${name}`}
        title={`Delete all of ${name}?`}
        command={['package', name, '--route', route, '--delete']}
        act={async () => {
          await ask('DELETE', at('/packages/:route/:name', { route, name }));
          go('/console/packages');
        }}
      >
        <p>{whatGoes(page)} Nobody can take that back.</p>
      </AsksFirst>
    </div>
  );
}

function whatGoes({ hasArtifacts, versionCount }: PackagePage): string {
  const all = (one: string, many: string) =>
    versionCount === 1 ? `Its ${one}` : `All ${count(versionCount)} ${many}`;
  return hasArtifacts
    ? `${all('tag', 'tags')}, with everything that they stand for, cannot be pulled any more, from this moment and at every PoP. Layers that other repositories have stay there.`
    : `${all('version', 'versions')}, with all files, cannot be fetched any more, from this moment and at every PoP.`;
}
