/** Repositories that live here: their index, their charts, what ChartMuseum says of them, and what changes them. */

import { z } from 'zod';
import type { Answer } from '../../entry.ts';
import { errorAnswer, ownAnswer } from '../registry/answers.ts';
import type { Changing, Item, Pulling } from '../registry/ecosystem.ts';
import { type Held, type Hold, withBlobs } from '../registry/hosted/blob.ts';
import { findFile, findVersion, namesOf, versionsOf } from '../registry/hosted/find.ts';
import { type FilePart, readMultipart } from '../registry/hosted/multipart.ts';
import { publish } from '../registry/hosted/publish.ts';
import type { HostedVersion } from '../registry/hosted/record.ts';
import { Refusal } from '../registry/hosted/refusal.ts';
import { remove } from '../registry/hosted/remove.ts';
import { serveDocument, serveFile } from '../registry/hosted/serve.ts';
import { turn } from '../turn.ts';
import { inspectChart } from './chart.ts';
import { indexWriter } from './index-yaml.ts';
import { type Chart, fileAddress, locate, type Place, repositoryTag } from './path.ts';
import { versions as order } from './version.ts';

const json = 'application/json';
const maxFieldBytes = 64 * 1024;
const maxReadmeBytes = 256 * 1024;

/** Of a version, as it is written down. */
export const chartMeta = z.object({
  chart: z.record(z.string(), z.unknown()),
  readme: z.string().nullable(),
});

const fileName = ({ name, version }: Chart) => `${name}-${version}.tgz`;
/** As files are called in the store. */
const storedName = (repository: string, chart: Chart) => `${repository}/${fileName(chart)}`;

export async function serveHosted(item: Item, { repository, what }: Place, at: Pulling): Promise<Answer> {
  if (at.registry.hosted === null || at.door.stores === null) return absent(item, at);
  switch (what.as) {
    case 'index':
      return serveIndex(item, repository, at);
    case 'api':
      return serveList(item, repository, what, at);
    case 'file':
    case 'provenance': {
      const suffix = what.as === 'file' ? '' : '.prov';
      const file = await findFile(
        at,
        what.chart.name,
        storedName(repository, what.chart) + suffix,
        what.chart.version,
      );
      if (file === null) return absent(item, at);
      return serveFile(file, what.as === 'file' ? 'application/gzip' : 'text/plain; charset=utf-8', at, {
        isMutable: what.as === 'provenance',
      });
    }
  }
}

function absent({ path }: Item, { registry }: Pulling): Answer {
  return errorAnswer(registry.ecosystem, 404, `There is no ${path}.`);
}

type Entry = Readonly<Record<string, unknown>>;

/** Of one chart in one repository, the newest version first. */
async function entriesOf(repository: string, name: string, at: Pulling): Promise<readonly Entry[]> {
  const found: { readonly version: string; readonly entry: Entry }[] = [];
  for await (const one of versionsOf(at, name)) {
    const entry = entryOf(repository, one);
    if (entry !== null) found.push({ version: one.version, entry });
  }
  found.sort((a, b) => order.compare(b.version, a.version));
  return found.map(({ entry }) => entry);
}

function entryOf(repository: string, one: HostedVersion): Entry | null {
  const file = one.files.find((its) => its.name === storedName(repository, one));
  if (file === undefined) return null;
  const { chart } = chartMeta.parse(one.meta);
  return {
    ...chart,
    urls: [fileAddress(one)],
    created: new Date(file.uploadedMs).toISOString(),
    digest: file.blob,
  };
}

async function allEntries(repository: string, at: Pulling): Promise<ReadonlyMap<string, readonly Entry[]>> {
  const all = new Map<string, readonly Entry[]>();
  for await (const name of namesOf(at)) {
    // What has been published and is no longer this route's own is nobody's to know of any more.
    if (at.registry.hosted?.claims(name) !== true) continue;
    const entries = await entriesOf(repository, name, at);
    if (entries.length > 0) all.set(name, entries);
    await turn();
  }
  return all;
}

/** Of a repository that has nothing yet, too: whoever is going to publish adds it first. */
async function serveIndex(item: Item, repository: string, at: Pulling): Promise<Answer> {
  // helm-push asks there: below the address of the repository, not beside it.
  const contextPath = [at.registry.prefix, repository].filter((part) => part !== '').join('/') || '/';
  const writer = indexWriter({ serverInfo: { contextPath } });
  const all = await allEntries(repository, at);
  for (const [name, entries] of all) writer.chart(name, entries);
  const isRestricted = [...all.keys()].some((name) => at.registry.isRestricted(name));
  return serveDocument(item, { body: writer.end(), type: 'application/yaml; charset=utf-8' }, at, {
    isRestricted,
  });
}

async function serveList(
  item: Item,
  repository: string,
  { chart, version }: { readonly chart: string | null; readonly version: string | null },
  at: Pulling,
): Promise<Answer> {
  if (chart === null) {
    const all = await allEntries(repository, at);
    const isRestricted = [...all.keys()].some((name) => at.registry.isRestricted(name));
    return serveDocument(item, { body: JSON.stringify(Object.fromEntries(all)), type: json }, at, {
      isRestricted,
    });
  }
  const entries = await entriesOf(repository, chart, at);
  const found = version === null ? entries : entries.find((entry) => entry['version'] === version);
  if (found === undefined || entries.length === 0) return absent(item, at);
  return serveDocument(item, { body: JSON.stringify(found), type: json }, at);
}

/** @param isUpstream whether a repository of this name is somebody else's. */
export async function receive(
  what: string,
  at: Changing,
  isUpstream: (repository: string) => boolean,
): Promise<Answer> {
  const place = locate(at.path);
  if (place === null || 'malformed' in place || place.what.as !== 'api')
    throw new Refusal(400, 'This is no address of a repository.');
  const { repository } = place;
  if (isUpstream(repository))
    throw new Refusal(
      403,
      `${repository || 'The repository at the root'} is an upstream's. Charts that live here are in repositories of their own.`,
    );
  const { chart, version } = place.what;
  if (what === 'delete' && chart !== null && version !== null) {
    await takeAway(repository, { name: chart, version }, at);
    return ownAnswer(200, json, '{"deleted":true}');
  }
  await withBlobs(at, (hold) => takeIn(repository, hold, at));
  return ownAnswer(201, json, '{"saved":true}');
}

/** The chart of this repository, and what signs it: another one may have the same, and keeps it. */
async function takeAway(repository: string, chart: Chart, at: Changing): Promise<void> {
  const { name, version } = chart;
  const file = storedName(repository, chart);
  const outdates = [repositoryTag(repository)];
  const provenance = await findFile(at, name, `${file}.prov`, version);
  await remove(at, { name, version, file, outdates });
  if (provenance !== null) await remove(at, { name, version, file: provenance.name, outdates });
}

async function takeIn(repository: string, hold: Hold, at: Changing): Promise<void> {
  const { chart: held, provenance } = await received(hold, at);
  if (held === undefined) throw new Refusal(400, 'The form has no file in its field `chart`.');
  const { name, version, chart, readme } = await inspectChart(await held.open());
  const its: Chart = { name, version };
  const before = await findVersion(at, name, version);
  if (before?.files.some((file) => file.name.endsWith('.tgz') && file.blob !== held.sha256))
    throw new Refusal(409, `${name} ${version} has been published with other bytes, and stays what it is.`);
  const files = [{ name: storedName(repository, its), held }];
  if (provenance !== undefined) files.push({ name: `${storedName(repository, its)}.prov`, held: provenance });
  await publish(at, {
    ...{ name, version, files, onExisting: 'add' },
    meta: { chart, readme: readme !== null && readme.length <= maxReadmeBytes ? readme : null },
    outdates: [repositoryTag(repository)],
  });
}

/** The chart alone, or a form with it and what signs it. */
async function received(
  hold: Hold,
  at: Changing,
): Promise<{ readonly chart?: Held; readonly provenance?: Held }> {
  const { exchange } = at.ask;
  const isForm = /^multipart\/form-data/i.test(exchange.headers.get('content-type') ?? '');
  if (!isForm) return { chart: await hold(exchange.body()) };
  const parts: { chart?: Held; provenance?: Held } = {};
  await readMultipart(at, {
    maxFieldBytes,
    async file({ field }: FilePart, stream) {
      if (field === 'chart') parts.chart = await hold(stream);
      if (field === 'prov') parts.provenance = await hold(stream, { maxBytes: 1024 * 1024 });
    },
  });
  return parts;
}
