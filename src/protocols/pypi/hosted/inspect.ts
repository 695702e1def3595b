/**
 * Looks into a wheel or an sdist before it is published: it has to be what its name and the upload say, or installers get something else than
 * what they decided by.
 */
import { readTar } from '../../registry/archive/tar.ts';
import { openZip, type Zip, zipEntry } from '../../registry/archive/zip.ts';
import type { Held } from '../../registry/hosted/blob.ts';
import { Refusal } from '../../registry/hosted/refusal.ts';
import { type CoreMetadata, readCoreMetadata } from '../core-metadata.ts';
import { type FileName, normalise } from '../names.ts';
import { versions } from '../version.ts';

export interface Inspected {
  readonly metadata: CoreMetadata;
  /** `METADATA` of a wheel, which is given out apart (PEP 658); `null`: an sdist's may be another one when it is built. */
  readonly sidecar: Uint8Array<ArrayBuffer> | null;
}

const metadataBytes = 4 * 1024 ** 2;
/** An sdist may unpack to so many times its own size, and to this many bytes in any case. */
const mostTimes = 100;
const alwaysBytes = 64 * 1024 ** 2;

/**
 * @param project normalised.
 * @throws a `Refusal` that says what is wrong with it.
 */
export async function inspect(project: string, { kind, version }: FileName, held: Held): Promise<Inspected> {
  const bytes = kind === 'wheel' ? await metadataIn(project, version, held) : await pkgInfoIn(held);
  const metadata = readCoreMetadata(bytes);
  if (metadata === null) throw new Refusal(400, 'The metadata in the file say no name, or no version.');
  const isSame =
    normalise(metadata.name) === project &&
    versions.isVersion(metadata.version) &&
    versions.compare(metadata.version, version) === 0;
  if (isSame) return { metadata, sidecar: kind === 'wheel' ? bytes : null };
  throw new Refusal(
    400,
    `The metadata in the file say ${shown(metadata.name)} ${shown(metadata.version)}, its name ${project} ${version}.`,
  );
}

/** Of the one folder that installers read (binary-distribution-format, "File contents"). */
async function metadataIn(project: string, version: string, held: Held): Promise<Uint8Array<ArrayBuffer>> {
  const zip = await openZip(held);
  const folder = infoFolder(zip, project, version);
  const missing = ['METADATA', 'WHEEL', 'RECORD'].filter((name) => !zip.entries.has(`${folder}/${name}`));
  if (missing.length > 0) throw new Refusal(400, `The wheel has no ${missing.join(', ')} in ${folder}.`);
  return (await zipEntry(zip, `${folder}/METADATA`, metadataBytes)) ?? new Uint8Array();
}

function infoFolder({ entries }: Zip, project: string, version: string): string {
  const folders = new Set([...entries.keys()].flatMap((name) => /^[^/]+\.dist-info(?=\/)/.exec(name) ?? []));
  const [folder = ''] = folders;
  if (folders.size !== 1)
    throw new Refusal(400, `The wheel has ${folders.size} folders *.dist-info, not one.`);
  const stem = folder.slice(0, -'.dist-info'.length);
  const dash = stem.indexOf('-');
  const itsVersion = stem.slice(dash + 1).replaceAll('_', '-');
  const isOwn =
    normalise(stem.slice(0, Math.max(dash, 0))) === project &&
    versions.isVersion(itsVersion) &&
    versions.compare(itsVersion, version) === 0;
  if (isOwn) return folder;
  throw new Refusal(
    400,
    `The wheel's folder is ${shown(folder)}, but it is ${project} ${version} by its name.`,
  );
}

/** A gzipped tar archive (PEP 625) with `PKG-INFO` at the top of its one folder. */
async function pkgInfoIn(held: Held): Promise<Uint8Array<ArrayBuffer>> {
  const { kept } = await readTar(await held.open(), {
    gzip: true,
    wanted: (path) => /^[^/]+\/PKG-INFO$/.test(path),
    maxBytes: metadataBytes,
    maxUnpackedBytes: alwaysBytes + mostTimes * held.sizeBytes,
  });
  const [info, ...others] = kept.values();
  if (info !== undefined && others.length === 0) return info;
  throw new Refusal(400, 'The sdist has no PKG-INFO at the top of its one folder.');
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
