/**
 * What Helm asks for next. Of an index with several charts nobody can tell which one is wanted; of one with a single chart, it is that, in its newest
 * version unless somebody wants another. A chart brings what it depends on, so nothing follows it.
 */
import type { EcosystemForesight, Tree } from '../registry/ecosystem.ts';
import { type ChartVersion, chartsIn } from './index-yaml.ts';
import { itemAt, placeOf } from './path.ts';
import { versions } from './version.ts';

/** Some only update what they know of a repository. */
const likelihood = 0.6;
/** A longer index is not looked into: it has many charts, or versions of years. */
const longestBytes = 4 * 2 ** 20;

export function helmForesight(): EcosystemForesight {
  return {
    begins({ kind, path }, headers) {
      const isOfHelm = /^Helm\//.test(headers.get('user-agent') ?? '') && !headers.has('if-none-match');
      return kind === 'index' && isOfHelm ? { wants: [{ name: path, range: '' }], about: {} } : null;
    },

    async expand({ name }, tree) {
      const { repository } = placeOf({ kind: 'index', name: null, path: name });
      const newest = await newestIn(repository, tree);
      if (newest === null) return { items: [], wants: [] };
      const item = itemAt({ repository, what: { as: 'file', chart: newest } });
      return { items: [{ item, likelihood }], wants: [] };
    },
  };
}

/** Of its only chart. `null`: it has none, or several. */
async function newestIn(repository: string, tree: Tree): Promise<ChartVersion | null> {
  const bytes = await tree.read(itemAt({ repository, what: { as: 'index' } }));
  if (bytes === null || bytes.byteLength > longestBytes) return null;
  let only: readonly ChartVersion[] | null = null;
  for await (const [, all] of chartsIn(bytes)) {
    if (only !== null) return null;
    only = all;
  }
  const stable = (only ?? []).filter(({ version }) => !versions.isPrerelease(version));
  return stable.toSorted((a, b) => versions.compare(b.version, a.version))[0] ?? null;
}
