/**
 * Keeps a file of a version that lives here. Those of a release never change: the same bytes again are done, others are refused. Those of a snapshot come
 * as builds, of which the newest are kept, or in one place that the next one takes over.
 */

import type { Changing } from '../../registry/ecosystem.ts';
import { type Held, withBlob } from '../../registry/hosted/blob.ts';
import { findVersion } from '../../registry/hosted/find.ts';
import { publish } from '../../registry/hosted/publish.ts';
import type { Meta } from '../../registry/hosted/record.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { remove } from '../../registry/hosted/remove.ts';
import { indexTag } from '../../registry/item.ts';
import { XmlError } from '../../registry/xml.ts';
import { shortName } from '../../short-name.ts';
import { type FilePlace, isSnapshot, nameOf } from '../place.ts';
import { maxPomBytes, type Pom, readPom } from '../pom.ts';
import type { MavenSettings } from '../settings.ts';
import { buildOf, buildsIn, orderOf } from './builds.ts';
import { metaOf } from './describe.ts';

/** @returns whether it is new. */
export async function keepFile(
  place: FilePlace,
  { snapshotBuilds }: Pick<MavenSettings, 'snapshotBuilds'>,
  at: Changing,
): Promise<boolean> {
  const name = nameOf(place);
  const { version } = place;
  const isPom = place.extension === 'pom';
  const { exchange } = at.ask;
  const expect = expected(exchange.headers);
  const options = {
    hash: ['md5', 'sha1', 'sha512'] as const,
    ...(expect && { expect }),
    ...(isPom && { maxBytes: maxPomBytes }),
  };
  const isNew = await withBlob(at, exchange.body(), options, async (held) => {
    if (held.sizeBytes === 0) throw new Refusal(400, `${place.file} is empty.`);
    const meta = isPom ? await pomMeta(place, held) : {};
    const { files } = await publish(at, {
      ...{ name, version, meta: {}, isNameShared: true },
      files: [{ name: place.file, held, meta: { ...meta, by: shortName(exchange) } }],
      onExisting: place.build === null ? 'replace' : 'add',
      // A plugin is listed by its group, too.
      outdates: [indexTag('maven', groupName(place.group))],
    });
    return files.length > 0;
  });
  if (isNew && isSnapshot(version)) await letGoOfOldBuilds(name, version, snapshotBuilds, at);
  return isNew;
}

/** By what a folder's list goes: `com.acme:plugins` for the group `com.acme.plugins`. */
export function groupName(group: string): string {
  const end = group.lastIndexOf('.');
  return end < 0 ? group : `${group.slice(0, end)}:${group.slice(end + 1)}`;
}

/** What the client says of the bytes, as Artifactory's clients do. */
function expected(headers: Headers): Record<string, string> | null {
  const said = (['md5', 'sha1', 'sha256'] as const).flatMap((by) => {
    const sum = headers.get(`x-checksum-${by}`)?.trim().toLowerCase();
    return sum === undefined || !/^[0-9a-f]+$/.test(sum) ? [] : [[by, sum] as const];
  });
  return said.length === 0 ? null : Object.fromEntries(said);
}

async function pomMeta(place: FilePlace, held: Held): Promise<Meta> {
  const bytes = await held.read({ from: 0, to: held.sizeBytes });
  const pom = parsed(bytes);
  if (pom.version.includes('${') || pom.group.includes('${')) {
    throw new Refusal(
      400,
      `The POM says ${pom.group}:${pom.artifact}:${pom.version}: what stands for something has to be filled in before it is deployed (flatten-maven-plugin).`,
    );
  }
  const [said, wanted] = [`${pom.group}:${pom.artifact}:${pom.version}`, `${nameOf(place)}:${place.version}`];
  if (said !== wanted) throw new Refusal(400, `The POM is of ${said}, and its address of ${wanted}.`);
  return metaOf(pom);
}

function parsed(bytes: Uint8Array): Pom {
  try {
    return readPom(bytes);
  } catch (error) {
    throw refusalOf(error, 'The POM');
  }
}

/** What whoever has sent a document hears that could not be read. */
export function refusalOf(error: unknown, what: string): unknown {
  return error instanceof XmlError ? new Refusal(400, `${what} ${error.message}.`, error) : error;
}

async function letGoOfOldBuilds(name: string, version: string, most: number, at: Changing): Promise<void> {
  const found = await findVersion(at, name, version);
  if (found === null) return;
  const builds = buildsIn(found);
  const old = new Set(builds.slice(0, -most).map(orderOf));
  if (old.size === 0) return;
  for (const { name: file } of found.files) {
    const build = buildOf(found, file);
    if (build === null || !old.has(orderOf(build))) continue;
    await remove(at, { name, version, file, leavesNothing: true, right: 'publish', action: 'old-build' });
  }
}
