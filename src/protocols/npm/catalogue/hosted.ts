/** A package that lives here, in full: by its documents, of which those of the newest versions are read. */
import { type Described, type DescribedVersion, mostVersions } from '../../../catalogue.ts';
import type { Lent } from '../../../protocol.ts';
import { storesOf } from '../hosted/claims.ts';
import { findVersion, type HostedPackage, readmeKey } from '../hosted/record.ts';
import type { NpmOrigin } from '../origin.ts';
import { about, aboutVersion, MAX_README } from './manifest.ts';

/** Versions that are read at once. */
const AT_ONCE = 50;

export async function describeHosted(
  npm: NpmOrigin,
  name: string,
  pkg: HostedPackage,
  lent: Lent,
): Promise<Described> {
  const { access, tags, owners, createdMs, modifiedMs, latest, versions: published } = pkg;
  const newest = Object.entries(published)
    .sort(([, a], [, b]) => b - a)
    .slice(0, mostVersions)
    .map(([version]) => version);
  const versions: DescribedVersion[] = [];
  for (let at = 0; at < newest.length; at += AT_ONCE) {
    const some = newest.slice(at, at + AT_ONCE);
    const found = await Promise.all(some.map((version) => describeVersion(npm, name, version, pkg, lent)));
    for (const each of found) if (each !== null) versions.push(each);
  }
  const { metadata } = storesOf(lent.origin);
  const shown = latest && (await findVersion(metadata, npm.route, name, latest.version));
  return {
    ...{ name, kind: 'hosted', access, ...about(shown?.manifest ?? {}) },
    maintainers: owners.map((owner) => ({ name: owner.name, email: owner.email ?? null })),
    ...{ createdMs, modifiedMs, tags, versions, versionCount: Object.keys(published).length },
    readme: await readmeOf(npm, name, lent),
    cached: { versions: 0, bytes: 0 },
    // The policy is about what comes from elsewhere.
    blocked: null,
    note: null,
  };
}

/** `null`: it has been taken away meanwhile. */
async function describeVersion(
  { route }: NpmOrigin,
  name: string,
  version: string,
  { deprecated }: HostedPackage,
  { origin }: Lent,
): Promise<DescribedVersion | null> {
  const found = await findVersion(storesOf(origin).metadata, route, name, version);
  if (found === null) return null;
  const { manifest, dist, integrity, sizeBytes, publishedMs, by } = found;
  return {
    ...{ version, publishedMs, sizeBytes, publisher: by },
    ...aboutVersion(manifest, { ...dist, integrity }),
    deprecated: deprecated[version] ?? null,
    ...{ yanked: false, blocked: null, kept: 'hosted' },
  };
}

export async function readmeOf({ route }: NpmOrigin, name: string, { origin }: Lent): Promise<string | null> {
  const found = await storesOf(origin).metadata.get(readmeKey(route, name));
  return typeof found?.value === 'string' ? found.value.slice(0, MAX_README) : null;
}
