/** `package-lock.json`, of npm 7 or later. */
import { z } from 'zod';
import type { Wanted } from '../../../protocol.ts';
import type { Locked } from './locked.ts';

const word = z.string().optional();

const npmLock = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({
      ...{ name: word, version: word, resolved: word, integrity: word },
      ...{ link: z.boolean().optional(), inBundle: z.boolean().optional() },
    }),
    'this is no lock file of npm 7 or later',
  ),
});

export function npmLocked(text: string): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  let lacksAddresses = false;
  for (const [place, each] of Object.entries(npmLock.parse(JSON.parse(text)).packages)) {
    // Members of the workspace, links to them, and what lies in other tarballs.
    if (!place.includes('node_modules/') || each.link || each.inBundle) continue;
    const name = each.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (each.version === undefined || !isOfRegistry(each.resolved)) others.push(name);
    else {
      packages.push({ name, version: each.version, integrity: each.integrity ?? null });
      lacksAddresses ||= each.resolved === undefined;
    }
  }
  return { packages, others, lacksAddresses };
}

/** Registries have tarballs at `/<name>/-/<file>`; without an address, it is the registry's own. */
export function isOfRegistry(resolved: string | undefined): boolean {
  return resolved === undefined || /^https?:\/\/.*\/-\/[^/]+\.tgz/.test(resolved);
}
