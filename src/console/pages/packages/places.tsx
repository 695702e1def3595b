/** The two pages that packages have. */
import { Tabs } from '../../parts/tabs.tsx';

const places = [
  { id: 'packages', title: 'Browse' },
  { id: 'clients', title: 'Point a client here' },
] as const;

export function Places({ current }: { readonly current: (typeof places)[number]['id'] }) {
  return <Tabs page="Packages" label="Packages" base="/console" tabs={places} current={current} />;
}
