/** Packages that live here, given out: which versions there are, what is known of them, and they themselves. */
import type { Answer } from '../../../entry.ts';
import { MeridianError } from '../../../errors.ts';
import { immutable, ownCacheControl } from '../../kept-for.ts';
import { documentAnswer, errorAnswer } from '../../registry/answers.ts';
import { openZip, zipEntry } from '../../registry/archive/zip.ts';
import type { Item, Pulling } from '../../registry/ecosystem.ts';
import { storesOf } from '../../registry/hosted/claims.ts';
import { type FoundFile, findFile, findVersion, versionsOf } from '../../registry/hosted/find.ts';
import type { HostedVersion } from '../../registry/hosted/record.ts';
import { serveFile } from '../../registry/hosted/serve.ts';
import { packageFile } from '../name.ts';
import { maxNuspecBytes } from '../nuspec.ts';
import { pageLength, pagesOf, writeIndex, writeLeaf, writePage } from '../registration.ts';
import { versions } from '../version.ts';
import { manifestIn } from './inspect.ts';
import { entryOf } from './meta.ts';

const json = 'application/json';

export async function serve(item: Item, at: Pulling): Promise<Answer> {
  const id = item.name ?? '';
  const { kind, version } = item;
  if (version !== undefined && kind !== 'registration-leaf') return serveOf(item, id, version, at);
  const body = version === undefined ? await document(item, id, at) : await leaf(id, version, at);
  if (body === null) return absent(item, at);
  return documentAnswer({ body, type: json }, at.ask.stored, ownCacheControl(at.registry.metadata));
}

/** `null`: there is nothing. */
async function document({ kind, path }: Item, id: string, at: Pulling): Promise<string | null> {
  const all = await allOf(id, at);
  if (all.length === 0) return null;
  if (kind === 'versions') return JSON.stringify({ versions: all.map(({ version }) => version) });
  const pages = pagesOf(all.map(entryOf));
  if (kind === 'registration')
    return writeIndex(
      id,
      all.length <= pageLength ? pages : pages.map((page) => ({ ...page, entries: null })),
    );
  const page = pages.find(({ lower, upper }) => path.endsWith(`/page/${lower}/${upper}.json`));
  return page === undefined ? null : writePage(id, page);
}

async function leaf(id: string, version: string, at: Pulling): Promise<string | null> {
  const found = await findVersion(at, id, version);
  return found && writeLeaf(id, entryOf(found));
}

/** The lowest first, unlisted ones too. */
export async function allOf(id: string, at: Pulling): Promise<HostedVersion[]> {
  const all: HostedVersion[] = [];
  for await (const version of versionsOf(at, id)) all.push(version);
  return all.sort((a, b) => versions.compare(a.version, b.version));
}

async function serveOf(item: Item, id: string, version: string, at: Pulling): Promise<Answer> {
  const found = await findFile(at, id, packageFile(id, version), version);
  if (found === null) return absent(item, at);
  if (item.kind === 'package') return serveFile(found, 'application/octet-stream', at);
  const body = item.kind === 'manifest' ? await manifestOf(found, at) : null;
  if (body === null) return absent(item, at);
  return documentAnswer({ body, type: 'application/xml' }, at.ask.stored, immutable);
}

async function manifestOf(
  { blob, sizeBytes, name }: FoundFile,
  { door }: Pulling,
): Promise<Uint8Array | null> {
  const { blobs } = storesOf(door);
  const zip = await openZip({
    sizeBytes,
    async open(range) {
      const opened = await blobs.open(blob, range);
      if (opened === null) throw new MeridianError('blob-damaged', `The bytes of ${name} are missing.`);
      return opened.body;
    },
  });
  return zipEntry(zip, manifestIn(zip), maxNuspecBytes);
}

function absent({ path }: Item, { registry }: Pulling): Answer {
  return errorAnswer(registry.ecosystem, 404, `There is no ${path}.`);
}
