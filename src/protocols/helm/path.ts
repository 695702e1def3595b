/**
 * What an address of a chart repository means. A route holds several side by side, each under its name; one without a name is at the root:
 *
 *     /<repository>/index.yaml
 *     /<repository>/charts/<chart>/<version>/<chart>-<version>.tgz         and .tgz.prov beside it: as our indexes say
 *     /<repository>/charts/<chart>-<version>.tgz                           the same, as others write it
 *     /<repository>/api/charts, …/api/charts/<chart>, …/<version>          what ChartMuseum has
 */
import type { Item, Read, Write } from '../registry/ecosystem.ts';

const MAX_NAME = 250;
const chartName = /^[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?$/;
const chartVersion = /^[0-9A-Za-z][0-9A-Za-z.+-]{0,127}$/;
const repositoryName = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
/** First segments that are no repository's. */
const reserved: ReadonlySet<string> = new Set(['charts', 'api', 'index.yaml']);

export type Kind = 'index' | 'chart-file' | 'provenance' | 'chart-list' | 'upstream-index' | 'chart';

export interface Chart {
  readonly name: string;
  readonly version: string;
}

export interface Place {
  /** Empty: the repository at the root. */
  readonly repository: string;
  readonly what:
    | { readonly as: 'index' }
    | { readonly as: 'file' | 'provenance'; readonly chart: Chart }
    /** Of ChartMuseum: charts, versions of one, one version. */
    | { readonly as: 'api'; readonly chart: string | null; readonly version: string | null };
}

export type Located = Place | { readonly malformed: string };

export const isChartName = (text: string) => text.length <= MAX_NAME && chartName.test(text);
export const isChartVersion = (text: string) => chartVersion.test(text);

/** @param address below the route's prefix, with its leading slash. `null`: nothing is there. */
export function locate(address: string): Located | null {
  const segments: string[] = [];
  for (const segment of address.slice(1).split('/')) {
    const name = decoded(segment);
    if (name === null || name === '..' || /[/\\\p{Cc}]/u.test(name))
      return { malformed: 'A part of the path is no name.' };
    segments.push(name);
  }
  const first = segments[0] ?? '';
  const [repository, rest] = reserved.has(first) ? ['', segments] : [first, segments.slice(1)];
  if (repository !== '' && !repositoryName.test(repository))
    return { malformed: 'A path begins with the name of a repository.' };
  const what = whatIn(rest);
  return what === null || 'malformed' in what ? what : { repository, what };
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null; // the caller says what is wrong with it
  }
}

function whatIn([first, ...rest]: readonly string[]): Place['what'] | { readonly malformed: string } | null {
  if (first === 'index.yaml' && rest.length === 0) return { as: 'index' };
  if (first === 'api' && rest[0] === 'charts') return apiIn(rest.slice(1));
  if (first !== 'charts') return null;
  const file = rest.at(-1) ?? '';
  const [, stem, isSigned] = /^(.+)\.tgz(\.prov)?$/.exec(file) ?? [];
  if (stem === undefined) return null;
  const [name, version] = rest.length === 3 ? rest : rest.length === 1 ? splitStem(stem) : [];
  if (name === undefined || version === undefined || `${name}-${version}` !== stem) return null;
  if (!isChartName(name) || !isChartVersion(version))
    return { malformed: 'A chart is called so: <name>-<version>.tgz.' };
  return { as: isSigned === undefined ? 'file' : 'provenance', chart: { name, version } };
}

/** A name may have dashes and numbers in it: the version begins with the first that looks like one. */
function splitStem(stem: string): readonly string[] {
  const [, name, version] = /^(.+?)-(v?\d+(?:\.\d+)*(?:[-+].*)?)$/.exec(stem) ?? [];
  return name === undefined || version === undefined ? [] : [name, version];
}

function apiIn(parts: readonly string[]): Place['what'] | { readonly malformed: string } | null {
  const [chart, version, ...more] = parts;
  if (more.length > 0) return null;
  if ((chart !== undefined && !isChartName(chart)) || (version !== undefined && !isChartVersion(version)))
    return { malformed: 'This is no name of a chart, or no version.' };
  return { as: 'api', chart: chart ?? null, version: version ?? null };
}

/** Below the repository, as indexes name it: relative to their own address. */
export function fileAddress({ name, version }: Chart): string {
  const [one, other] = [encodeURIComponent(name), encodeURIComponent(version)];
  return `charts/${one}/${other}/${one}-${other}.tgz`;
}

/** Borne by the index of a repository. */
export const repositoryTag = (repository: string) => `helm-repository:${repository}`;

export function itemAt({ repository, what }: Place): Item {
  const below = repository === '' ? '' : `${repository}/`;
  const tags = [repositoryTag(repository)];
  switch (what.as) {
    case 'index':
      return { kind: 'index', name: null, path: `${below}index.yaml`, tags, isText: true };
    case 'file':
    case 'provenance': {
      const { chart } = what;
      const isFile = what.as === 'file';
      const path = `${below}${fileAddress(chart)}${isFile ? '' : '.prov'}`;
      const kind: Kind = isFile ? 'chart-file' : 'provenance';
      return { kind, name: chart.name, path, version: chart.version, ...(isFile && { isFile }) };
    }
    case 'api': {
      const parts = [what.chart, what.version].filter((part) => part !== null).map(encodeURIComponent);
      const path = `${below}${['api', 'charts', ...parts].join('/')}`;
      return { kind: 'chart-list', name: what.chart, path, tags, isText: true };
    }
  }
}

/** What an item says of itself. */
export function placeOf({ path }: Item): Place {
  const place = locate(`/${path}`);
  if (place === null || 'malformed' in place) throw new TypeError(`${path} is no address of a repository`);
  return place;
}

export function read(path: string): Read {
  const found = locate(path);
  if (found === null) return { as: 'absent', why: 'There is an index.yaml, and charts; nothing else.' };
  return 'malformed' in found
    ? { as: 'malformed', why: found.malformed }
    : { as: 'item', item: itemAt(found) };
}

/** As ChartMuseum takes it, and helm-push sends it: `POST …/api/charts`, `DELETE …/api/charts/<chart>/<version>`. */
export function wantedChange(method: string, path: string): Write | null {
  const found = locate(path);
  if (found === null) return null;
  if ('malformed' in found) return { as: 'malformed', why: found.malformed };
  if (found.what.as !== 'api') return null;
  const { chart, version } = found.what;
  if (method === 'POST' && chart === null)
    return { as: 'change', what: 'upload', action: 'publish', name: null, bringsBlob: true };
  if (method === 'DELETE' && chart !== null && version !== null)
    return { as: 'change', what: 'delete', action: 'delete', name: chart, bringsBlob: false };
  return null;
}
