/** One page of packages. */
import type { PackageList } from '../../data/api.ts';
import { bytes, count } from '../../parts/format.ts';
import { type Column, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { countedDays, type Popular } from './popular.ts';
import { packageAddress } from './wanted.ts';

export type Listed = PackageList['packages'][number];

export function Results({
  found,
  popular,
}: {
  readonly found: PackageList;
  readonly popular: Popular | undefined;
}) {
  const downloads: Column<Listed> = {
    title: `Downloads, ${countedDays} d`,
    isNumber: true,
    cell: ({ route, name }) => count(popular?.(route, name) ?? 0),
  };
  return (
    <div class="package-list">
      <Table
        caption="Packages"
        rows={found.packages}
        id={({ route, name }) => `${route} ${name}`}
        none="There is none."
        columns={[
          { title: 'Package', cell: (listed) => <Named listed={listed} /> },
          { title: 'Kind', cell: ({ kind, access }) => <Kinds kind={kind} access={access} /> },
          { title: 'Route', cell: ({ route }) => route },
          { title: 'Latest', cell: ({ latest }) => latest ?? '–' },
          { title: 'Published', cell: ({ publishedMs }) => <When ms={publishedMs} /> },
          { title: 'Kept here', isNumber: true, cell: ({ kept }) => bytes(keptBytes(kept)) },
          ...(popular === undefined ? [] : [downloads]),
        ]}
      />
    </div>
  );
}

function Named({ listed: { route, name, description } }: { readonly listed: Listed }) {
  return (
    <>
      <a class="package-name" href={packageAddress(route, name)}>
        {name}
      </a>
      {description !== '' && <span class="package-about">{description}</span>}
    </>
  );
}

export function Kinds({ kind, access }: Pick<Listed, 'kind' | 'access'>) {
  return (
    <span class="row badges">
      <span class={kind === 'hosted' ? 'badge good' : 'badge'}>{kind}</span>
      {access === 'restricted' && <span class="badge warn">restricted</span>}
    </span>
  );
}

export function keptBytes({ hosted, mirrored, cached }: Listed['kept']): number {
  return hosted.bytes + mirrored.bytes + cached.bytes;
}
