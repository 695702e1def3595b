/** What `dotnet restore` asks for to use one version, as a `packages.lock.json` names it. */
import type { Wanted } from '../../protocol.ts';
import type { Item, Needed } from '../registry/ecosystem.ts';
import { flatItem, packageItem, registrationItem, serviceItem } from './address.ts';
import { isPackageId, lowerId, lowerVersion } from './name.ts';

export async function needs({ name, version }: Wanted): Promise<readonly Needed[]> {
  const lower = lowerVersion(version);
  if (!isPackageId(name) || lower === null) return [];
  const id = lowerId(name);
  const items: readonly Item[] = [serviceItem, flatItem(id), registrationItem(id), packageItem(id, lower)];
  return items.map(({ path }) => ({ path: `/${path}` }));
}
