/**
 * What a canonical document in its full form tells people. Takes as long as the document is large, so it runs in the packument worker.
 */
import { type Described, type DescribedVersion, mostVersions } from '../../../catalogue.ts';
import {
  about,
  aboutVersion,
  type Fields,
  fieldsIn,
  MAX_README,
  peopleIn,
  textIn,
  timeIn,
} from './manifest.ts';

/** What only the origin knows is missing: where a file is, and what the policy has taken out. */
export type Told = Omit<
  Described,
  'name' | 'kind' | 'access' | 'versions' | 'cached' | 'blocked' | 'note'
> & {
  readonly versions: readonly ToldVersion[];
};

export interface ToldVersion extends Omit<DescribedVersion, 'sizeBytes' | 'blocked' | 'kept'> {
  /** By which clients ask for it. */
  readonly file: string | null;
}

/** @param document as it was derived, parsed. */
export function tell(document: Fields): Told {
  const versions = fieldsIn(document['versions']) ?? {};
  const time = fieldsIn(document['time']) ?? {};
  const { readme } = document;
  const all = Object.keys(versions).map((version) => ({
    version,
    publishedMs: timeIn(ownIn(time, version)),
  }));
  // In the order of the document, the older first, where no times are told.
  const newest = all.reverse().sort((a, b) => (b.publishedMs ?? 0) - (a.publishedMs ?? 0));
  return {
    ...about(document),
    maintainers: peopleIn(document['maintainers']),
    createdMs: timeIn(time['created']),
    modifiedMs: timeIn(time['modified']) ?? newest[0]?.publishedMs ?? null,
    tags: tagsIn(document['dist-tags']),
    versionCount: all.length,
    versions: newest
      .slice(0, mostVersions)
      .map((each) => toldVersion(each, fieldsIn(versions[each.version]) ?? {})),
    readme: typeof readme === 'string' && readme !== '' ? readme.slice(0, MAX_README) : null,
  };
}

function toldVersion(known: Pick<ToldVersion, 'version' | 'publishedMs'>, manifest: Fields): ToldVersion {
  const dist = fieldsIn(manifest['dist']) ?? {};
  const { deprecated } = manifest;
  const tarball = textIn(dist['tarball']);
  return {
    ...known,
    ...aboutVersion(manifest, dist),
    publisher: textIn(fieldsIn(manifest['_npmUser'])?.['name']),
    deprecated:
      typeof deprecated === 'string' ? textIn(deprecated) : deprecated === true ? 'deprecated' : null,
    yanked: false,
    file: tarball === null ? null : tarball.slice(tarball.lastIndexOf('/') + 1),
  };
}

function tagsIn(value: unknown): Readonly<Record<string, string>> {
  const tags = Object.entries(fieldsIn(value) ?? {}).slice(0, MAX_TAGS);
  return Object.fromEntries(
    tags.flatMap(([tag, version]) => (typeof version === 'string' ? [[tag, version]] : [])),
  );
}

const MAX_TAGS = 1_000;

function ownIn(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
