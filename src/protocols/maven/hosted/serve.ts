/** What lives here, as a repository shows it: files, their checksums, and lists that are made of what there is. */
import type { Answer } from '../../../entry.ts';
import { errorAnswer } from '../../registry/answers.ts';
import type { Item, Pulling } from '../../registry/ecosystem.ts';
import { type FoundFile, findFile, findVersion, namesOf, versionsOf } from '../../registry/hosted/find.ts';
import type { HostedVersion } from '../../registry/hosted/record.ts';
import { serveDocument, serveFile } from '../../registry/hosted/serve.ts';
import { fileTag } from '../../registry/hosted/tell.ts';
import { readItem } from '../../registry/item.ts';
import { checksumOf } from '../checksum.ts';
import { checksumType, itemOf, placeOf, typeOf } from '../items.ts';
import { type Plugin, stampAt, unite, writeBuilds, writeMetadata } from '../metadata.ts';
import { type BuildsPlace, baseOf, type Checksum, type FilePlace, type ListPlace, nameOf } from '../place.ts';
import { inStep, listDocument } from '../pull-list.ts';
import { asked } from '../vouch.ts';
import { newestFiles } from './builds.ts';
import { pluginIn } from './describe.ts';

export async function serve(item: Item, at: Pulling): Promise<Answer> {
  const place = placeOf(item);
  const what = place.of === 'checksum' ? place.what : place;
  if (what.of === 'file') {
    const found = await fileAt(what, at);
    if (found === null) return absent(item, at);
    return place.of === 'checksum' ? checksumOfFile(item, found, place.by, at) : giveFile(found, what, at);
  }
  if (place.of === 'checksum') return checksumOfList(item, what, place.by, at);
  const text = what.of === 'list' ? await listOf(what, at) : await buildsOf(what, at);
  if (text === null) return absent(item, at);
  return inStep(serveDocument(item, listDocument(text, what), at));
}

function absent(item: Item, { registry }: Pulling): Answer {
  return errorAnswer(registry.ecosystem, 404, `There is no ${item.path}.`, 0);
}

/** What has been put there; of a snapshot that comes in builds, the file of the newest one. */
async function fileAt(place: FilePlace, at: Pulling): Promise<FoundFile | null> {
  const name = nameOf(place);
  if (place.build !== null) return findFile(at, name, place.file, place.version);
  const version = await findVersion(at, name, place.version);
  const newest = version === null ? [] : newestFiles(version);
  const file = newest.find(
    (each) => each.place.classifier === place.classifier && each.place.extension === place.extension,
  );
  return file === undefined ? null : { ...file, package: name, version: place.version };
}

function giveFile(found: FoundFile, place: FilePlace, at: Pulling): Promise<Answer> {
  const fields = Object.fromEntries(
    asked.flatMap((by) => {
      const sum = found.hashes[by];
      return sum === undefined ? [] : [[`x-checksum-${by}`, sum]];
    }),
  );
  return serveFile(found, typeOf(place), at, { isMutable: place.build === null, fields });
}

function checksumOfFile(item: Item, found: FoundFile, by: Checksum, at: Pulling): Answer {
  const sum = found.hashes[by];
  if (sum === undefined) return absent(item, at);
  // It goes when the file does.
  const fields = { 'cache-tag': fileTag(at.registry.ecosystem.id, found.package, found.name) };
  return serveDocument(item, { body: sum, type: checksumType, fields }, at);
}

/** By way of the origin's own cache: of the very bytes that are given out. */
async function checksumOfList(
  item: Item,
  place: ListPlace | BuildsPlace,
  by: Checksum,
  at: Pulling,
): Promise<Answer> {
  const { status, bytes } = await readItem(itemOf(place), at);
  if (status !== 200) return absent(item, at);
  return inStep(serveDocument(item, { body: checksumOf(bytes, by), type: checksumType }, at));
}

async function listOf(place: ListPlace, at: Pulling): Promise<string | null> {
  const versions: string[] = [];
  let newestMs = 0;
  for await (const { version, files } of versionsOf(at, nameOf(place))) {
    // Its POM comes last but for what is said of it: before that, it is still being deployed.
    if (!files.some(({ name }) => name.endsWith('.pom'))) continue;
    versions.push(version);
    for (const { uploadedMs } of files) newestMs = Math.max(newestMs, uploadedMs);
  }
  const plugins = await pluginsOf(place, at);
  const lastUpdated = newestMs === 0 ? null : stampAt(newestMs);
  return writeMetadata(place, unite([{ versions, plugins, lastUpdated }]));
}

/** Artifacts of a group that are looked at for plugins. */
const mostOfGroup = 500;

/** Of the group that the same folder may be, those that everybody may read who may read the route. */
async function pluginsOf(place: ListPlace, at: Pulling): Promise<Plugin[]> {
  const group = `${place.group}.${place.artifact}:`;
  const plugins: Plugin[] = [];
  let looked = 0;
  for await (const name of namesOf(at, group)) {
    if (!name.startsWith(group) || looked >= mostOfGroup) break;
    looked += 1;
    if (at.registry.hosted?.isPublic(name) !== true) continue;
    const artifact = name.slice(group.length);
    const record = await newestPlugin(name, at);
    if (record !== null) {
      plugins.push({ artifact, name: record.title ?? artifact, prefix: record.prefix ?? prefixOf(artifact) });
    }
  }
  return plugins;
}

async function newestPlugin(name: string, at: Pulling) {
  let newest: HostedVersion | null = null;
  for await (const version of versionsOf(at, name)) {
    if (newest === null || version.publishedMs > newest.publishedMs) newest = version;
  }
  return newest === null ? null : pluginIn(newest);
}

/** As Maven derives it where the plugin says none (maven.apache.org/guides, "Introduction to Plugin Prefix Resolution"). */
function prefixOf(artifact: string): string {
  return artifact.replace(/-?maven-?/, '').replace(/-?plugin-?/, '');
}

async function buildsOf(place: BuildsPlace, at: Pulling): Promise<string | null> {
  const version = await findVersion(at, nameOf(place), place.version);
  if (version === null) return null;
  const files = newestFiles(version);
  const base = baseOf(place.version);
  const builds = files.flatMap((file) => file.place.build ?? []);
  const newest = builds.sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1))[0] ?? null;
  return writeBuilds(place, place.version, {
    newest,
    files: files.map(({ place: { classifier, extension, build }, uploadedMs }) => ({
      ...{ classifier, extension, updated: stampAt(uploadedMs) },
      version: build == null ? place.version : `${base}${build.timestamp}-${build.number}`,
    })),
    lastUpdated: stampAt(Math.max(...version.files.map(({ uploadedMs }) => uploadedMs))),
  });
}
