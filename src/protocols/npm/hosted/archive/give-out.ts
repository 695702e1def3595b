/**
 * Writes all that lives on a route as a folder in Verdaccio's layout, which `takeIn` takes back, and Verdaccio reads: for each
 * package its tarballs, and then the document that names them. Each file appears under its name when it is whole and flushed.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MeridianError } from '../../../../errors.ts';
import type { FolderOut, Job } from '../../../../protocol.ts';
import { asJson, isWritten, writeWhole } from '../../../written-file.ts';
import type { NpmOrigin } from '../../origin.ts';
import {
  asHostedPackage,
  asHostedVersion,
  attestationsKey,
  fileName,
  type HostedPackage,
  type PublishedVersion,
  packagesPrefix,
  readmeKey,
  versionsPrefix,
} from '../record.ts';
import { databaseFile, type OwnFacts, ownField } from './verdaccio.ts';

const page = 100;

export async function giveOut({ route }: NpmOrigin, out: FolderOut, job: Job): Promise<void> {
  const { path: folder, what, dryRun } = out;
  if (what.length > 0)
    throw new MeridianError('request-malformed', `${route} has packages, which are exported all together`);
  const { metadata } = job.stores;
  if (!dryRun) await mkdir(folder, { recursive: true });
  const names: string[] = [];
  const prefix = packagesPrefix(route);
  for (let after = prefix; ; ) {
    const found = await metadata.scan(prefix, { after, limit: page });
    for (const { key, value } of found) {
      const name = key.at(-1) ?? '';
      await writePackage(route, name, asHostedPackage(value), join(folder, name), job, dryRun);
      names.push(name);
    }
    const last = found.at(-1);
    if (found.length < page || last === undefined) break;
    after = last.key;
  }
  // Verdaccio makes itself another secret where there is none.
  if (!dryRun) await writeWhole(join(folder, databaseFile), asJson({ list: names, secret: '' }));
}

async function writePackage(
  route: string,
  name: string,
  pkg: HostedPackage,
  folder: string,
  job: Job,
  dryRun: boolean,
): Promise<void> {
  const { metadata } = job.stores;
  const versions: Record<string, unknown> = {};
  const attachments: Record<string, { shasum: unknown }> = {};
  const own: OwnFacts = { access: pkg.access, gone: {}, attestations: {} };
  if (!dryRun) await mkdir(folder, { recursive: true });
  const prefix = versionsPrefix(route, name);
  for (let after = prefix; ; ) {
    const found = await metadata.scan(prefix, { after, limit: page });
    for (const { key, value } of found) {
      job.signal.throwIfAborted();
      const version = key.at(-1) ?? '';
      const record = asHostedVersion(value);
      if (record.state === 'gone') {
        own.gone[version] = record.goneMs;
        continue;
      }
      // Published after the package was read: for the next time.
      if (!Object.hasOwn(pkg.versions, version)) continue;
      await writeTarball(join(folder, fileName(name, version)), record, job, dryRun);
      versions[version] = manifestOf(record, pkg, name, version);
      attachments[fileName(name, version)] = { shasum: record.dist['shasum'] };
      const attested = await metadata.get(attestationsKey(route, name, version));
      if (attested !== null) own.attestations[version] = attested.value;
    }
    const last = found.at(-1);
    if (found.length < page || last === undefined) break;
    after = last.key;
  }
  const readme = (await metadata.get(readmeKey(route, name)))?.value;
  const document = {
    ...{ name, versions, 'dist-tags': pkg.tags, time: timesOf(pkg), maintainers: pkg.owners, readme },
    ...{ _attachments: attachments, _distfiles: {}, _uplinks: {}, users: {}, _rev: '', [ownField]: own },
  };
  if (!dryRun) await writeWhole(join(folder, 'package.json'), asJson(document));
  job.count('packages');
}

function manifestOf(
  { manifest, dist }: PublishedVersion,
  { deprecated }: HostedPackage,
  name: string,
  version: string,
): Record<string, unknown> {
  const message = deprecated[version];
  // Verdaccio puts its own address into links.
  const tarball = `http://localhost/${name}/-/${fileName(name, version)}`;
  return { ...manifest, dist: { ...dist, tarball }, ...(message !== undefined && { deprecated: message }) };
}

function timesOf({ createdMs, modifiedMs, versions }: HostedPackage): Record<string, string> {
  const iso = (ms: number) => new Date(ms).toISOString();
  const each = Object.entries(versions).map(([version, ms]) => [version, iso(ms)]);
  return { created: iso(createdMs), modified: iso(modifiedMs), ...Object.fromEntries(each) };
}

async function writeTarball(
  path: string,
  { blob, sizeBytes }: PublishedVersion,
  job: Job,
  dryRun: boolean,
): Promise<void> {
  if (await isWritten(path, { sizeBytes, algorithm: 'sha256', hex: blob })) return job.count('there');
  const opened = await job.stores.blobs.open(blob);
  if (opened === null) {
    job.count('refused');
    return job.note(`${path}: its tarball is missing from the store`);
  }
  if (dryRun) await opened.body.cancel();
  else await writeWhole(path, opened.body);
  job.count('written');
  job.count('bytes', sizeBytes);
}
