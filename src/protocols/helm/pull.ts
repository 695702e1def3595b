/**
 * Charts of upstream repositories. The origin keeps an upstream's index in a form of its own, with the addresses that the upstream gives: what
 * clients are shown is made of that, with addresses of this route, and so is what the origin knows of one chart.
 */
import type { Answer } from '../../entry.ts';
import { MeridianError } from '../../errors.ts';
import { fromShasum } from '../../http/digest.ts';
import { cacheControlOf } from '../kept-for.ts';
import { documentAnswer, errorAnswer } from '../registry/answers.ts';
import { pullIndex } from '../registry/document.ts';
import type { Item, Pulling } from '../registry/ecosystem.ts';
import { pullFile } from '../registry/file.ts';
import { readItem, readItemAgain } from '../registry/item.ts';
import type { Source } from '../registry/sources.ts';
import { type ChartVersion, chartsIn, findChart, indexWriter, readIndex } from './index-yaml.ts';
import { type Chart, fileAddress, repositoryTag } from './path.ts';

const yaml = 'application/yaml; charset=utf-8';
const gzip = 'application/gzip';

function sourceItem(repository: string): Item {
  const path = `${repository === '' ? '' : `${repository}/`}index.yaml`;
  return { kind: 'upstream-index', name: null, path, tags: [repositoryTag(repository)] };
}

/** An upstream's own, read once for the whole network. */
export function pullSource(item: Item, source: Source, at: Pulling): Promise<Answer> {
  return pullIndex(
    item,
    {
      ...{ path: '/index.yaml', revision: 1, sources: [source] },
      async derive(bytes, { url }) {
        const writer = indexWriter();
        try {
          for await (const versions of readIndex(bytes)) {
            const absolute = versions.flatMap((one) => withAddress(one, url));
            if (absolute.length > 0) writer.chart(absolute[0]?.name ?? '', absolute);
          }
        } catch (cause) {
          throw unreadable(source, cause);
        }
        return { body: writer.end(), type: 'application/json' };
      },
    },
    at,
  );
}

function unreadable({ name }: Source, cause: unknown): unknown {
  if (!(cause instanceof SyntaxError)) return cause;
  return new MeridianError('upstream-invalid', `The index of ${name} cannot be read. ${cause.message}`, {
    cause,
  });
}

/** The first address that it gives: helm takes no other. */
function withAddress(version: ChartVersion, base: string): readonly ChartVersion[] {
  const address = URL.parse(version.urls[0] ?? '', base);
  return address === null ? [] : [{ ...version, urls: [address.href] }];
}

/** As clients are shown it: what the policy is against is left out, and what lives here. */
export async function pullPublic(repository: string, at: Pulling): Promise<Answer> {
  const read = await readItem(sourceItem(repository), at);
  if (read.status !== 200) return failed(read.status, 'index.yaml', at);
  const { registry, ask } = at;
  const writer = indexWriter();
  let untilMs = Number.POSITIVE_INFINITY;
  for await (const [name, versions] of chartsIn(read.bytes)) {
    if (registry.hosted?.claims(name) === true) continue;
    const judge = registry.policy?.judgeOf(name) ?? null;
    const allowed = versions.filter((one) => judge === null || judge.against(factsOf(one)) === null);
    untilMs = Math.min(untilMs, judge?.untilMs ?? Number.POSITIVE_INFINITY);
    if (allowed.length > 0) writer.chart(name, allowed.map(shown));
  }
  const leftS = Math.max(0, Math.floor((untilMs - registry.clock.now()) / 1000));
  const cacheControl = cacheControlOf(registry.metadata, read.headers, leftS);
  return documentAnswer({ body: writer.end(), type: yaml }, ask.stored, cacheControl);
}

function factsOf({ version, created }: ChartVersion) {
  return { version, publishedMs: publishedMsOf(created) };
}

function publishedMsOf(created: unknown): number | null {
  const ms = typeof created === 'string' ? Date.parse(created) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** Relative addresses, which helm reads from where the index is. Charts in registries of images stay where they are. */
function shown(one: ChartVersion): ChartVersion {
  return isHere(one) ? { ...one, urls: [fileAddress(one)] } : one;
}

function isHere({ urls }: ChartVersion): boolean {
  return urls[0]?.startsWith('http:') === true || urls[0]?.startsWith('https:') === true;
}

/** A chart, or what signs it. */
export async function pullChart(
  item: Item,
  repository: string,
  chart: Chart,
  source: Source,
  at: Pulling,
): Promise<Answer> {
  const looked = await find(repository, chart, at);
  if ('answer' in looked) return looked.answer;
  const { found } = looked;
  const url = found.urls[0] ?? '';
  const { digest: stated, created } = found;
  const publishedMs = publishedMsOf(created);
  if (item.kind === 'provenance') {
    const cacheControl = cacheControlOf(at.registry.metadata, new Headers());
    const wanted = {
      source,
      url: besideOf(url),
      digest: null,
      type: 'text/plain; charset=utf-8',
      cacheControl,
    };
    return pullFile(item, { ...wanted, version: chart.version, publishedMs }, at);
  }
  const digest = (stated !== undefined && fromShasum(stated)) || null;
  if (digest === null && new URL(url).origin !== new URL(source.url).origin)
    throw new MeridianError(
      'upstream-invalid',
      'The chart is at another host, and the index has no digest of it.',
    );
  return pullFile(item, { source, url, digest, type: gzip, version: chart.version, publishedMs }, at);
}

/** `.prov` stands behind the path, before a query. */
function besideOf(address: string): string {
  const url = new URL(address);
  url.pathname += '.prov';
  return url.href;
}

/** A version that the index at hand does not know may have been published since. */
async function find(
  repository: string,
  { name, version }: Chart,
  at: Pulling,
): Promise<{ readonly found: ChartVersion } | { readonly answer: Answer }> {
  for (const readOne of [readItem, readItemAgain]) {
    const read = await readOne(sourceItem(repository), at);
    if (read.status !== 200) return { answer: failed(read.status, `${name}-${version}.tgz`, at) };
    const found = findChart(read.bytes, name).find((one) => one.version === version);
    if (found !== undefined && isHere(found)) return { found };
    if (found !== undefined) break;
  }
  return { answer: errorAnswer(at.registry.ecosystem, 404, `There is no ${name} ${version}.`) };
}

function failed(status: number, what: string, { registry }: Pulling): Answer {
  const isAbsent = status === 404 || status === 410;
  return errorAnswer(
    registry.ecosystem,
    isAbsent ? 404 : status,
    isAbsent ? `There is no ${what}.` : `The upstream answers ${status} for its index.`,
  );
}
