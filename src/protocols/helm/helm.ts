/**
 * Charts for Helm, in repositories with an `index.yaml`. A route holds several side by side, each under its name; a name that is none of an upstream is
 * that of a repository which lives here, if the route has charts of its own. See README.md.
 */
import type { Answer } from '../../entry.ts';
import type { Described, Ecosystem, Item, Mirroring, Needed, Pulling } from '../registry/ecosystem.ts';
import type { HostedVersion } from '../registry/hosted/record.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import type { UpstreamOptions } from '../registry/options.ts';
import type { Source } from '../registry/sources.ts';
import { helmForesight } from './foresight.ts';
import { guides } from './guides.ts';
import { chartMeta, receive, serveHosted } from './hosted.ts';
import { findChart } from './index-yaml.ts';
import { fileAddress, placeOf, read, wantedChange } from './path.ts';
import { pullChart, pullPublic, pullSource } from './pull.ts';
import { versions } from './version.ts';

export interface HelmSettings {
  readonly upstreams?: readonly Pick<UpstreamOptions, 'name'>[] | undefined;
}

export function helm({ upstreams = [] }: HelmSettings): Ecosystem {
  /** Below the prefix: each begins the addresses of a repository. */
  const roots = upstreams.map(({ name }) => (name === undefined ? '' : `/${name}`));
  return {
    id: 'helm',
    title: 'Helm',
    read,
    write: wantedChange,
    pull,
    async serve(item, at) {
      const place = placeOf(item);
      if (sourceOf(place.repository, at) === null) return serveHosted(item, place, at);
      throw new Refusal(
        403,
        `${item.name} lives in this network: it is not taken from ${place.repository}, where somebody else may have published it.`,
      );
    },
    receive: (what, at) => receive(what, at, (repository) => sourceOf(repository, at) !== null),
    error: (_status, message) => ({ type: 'application/json', body: JSON.stringify({ error: message }) }),
    foresight: helmForesight(),
    order: versions,
    advisories: null,
    canonical: (name) => name,
    needs: (wanted, at) => needsOf(roots, wanted, at),
    guides,
    describe,
  };
}

/** Whose a repository is; `null`: it lives here, or is not there. */
function sourceOf(repository: string, { registry: { sources } }: Pulling): Source | null {
  if (repository !== '') return sources.named(repository);
  return sources.all.find(({ name }) => sources.named(name) === null) ?? null;
}

function pull(item: Item, at: Pulling): Promise<Answer> {
  const place = placeOf(item);
  const { repository, what } = place;
  const source = sourceOf(repository, at);
  if (source === null) return serveHosted(item, place, at);
  if (item.kind === 'upstream-index') return pullSource(item, source, at);
  switch (what.as) {
    case 'index':
      return pullPublic(repository, at);
    case 'file':
    case 'provenance':
      return pullChart(item, repository, what.chart, source, at);
    case 'api':
      throw new Refusal(404, 'ChartMuseum’s interface is that of repositories which live here.');
  }
}

/** Of the first repository that has the chart. */
async function needsOf(
  roots: readonly string[],
  { name, version }: { readonly name: string; readonly version: string },
  at: Mirroring,
): Promise<readonly Needed[]> {
  for (const root of roots) {
    const index = await at.read(`${root}/index.yaml`);
    const found = index && findChart(index, name).find((one) => one.version === version);
    if (found)
      return [
        { path: `${root}/index.yaml` },
        { path: `${root}/${fileAddress(found)}`, sha256: found.digest },
      ];
  }
  return [];
}

function describe({ meta }: HostedVersion): Described {
  const { chart, readme } = chartMeta.parse(meta);
  const text = (field: string) => (typeof chart[field] === 'string' ? chart[field] : undefined);
  const list = (field: string): readonly unknown[] => (Array.isArray(chart[field]) ? chart[field] : []);
  const names = list('maintainers').flatMap((one) =>
    typeof one === 'object' && one !== null && 'name' in one && typeof one.name === 'string'
      ? [one.name]
      : [],
  );
  const keywords = list('keywords').filter((one) => typeof one === 'string');
  const sources = list('sources').filter((one) => typeof one === 'string');
  return {
    ...{ description: text('description'), homepage: text('home'), repository: sources[0] },
    ...{ keywords, authors: names, dependencies: list('dependencies').length },
    ...(readme !== null && { readme }),
  };
}
