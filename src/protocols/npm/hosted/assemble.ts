/**
 * A package's full document, put together from what is stored: as an upstream would send it, so that everything that is made
 * of an upstream's document is made of it in the same way.
 */
import { MeridianError } from '../../../errors.ts';
import type { DocumentReader } from '../../../store.ts';
import type { Share } from '../../budget.ts';
import { turn } from '../../turn.ts';
import {
  asHostedVersion,
  type FoundPackage,
  fileName,
  findPackage,
  type HostedPackage,
  type PublishedVersion,
  readmeKey,
  versionsPrefix,
} from './record.ts';

/** Versions that are read at once, with a turn for everybody else after them. */
const PAGE = 200;
/** A package that changes while it is read is read again. */
const TRIES = 5;
/** Of the whole document, for the worker. */
const CHUNK_BYTES = 1024 * 1024;

export interface Assembling {
  readonly reader: DocumentReader;
  readonly route: string;
  readonly name: string;
  /** What tarball links begin with; a slash at its end. */
  readonly base: string;
  readonly maxBytes: number;
  readonly share: Share;
}

export interface Assembled {
  readonly found: FoundPackage;
  readonly chunks: ArrayBuffer[];
}

/** `null` when there is no such package, or nothing of it is left. */
export async function assemble(options: Assembling): Promise<Assembled | null> {
  const { reader, route, name } = options;
  for (let tries = 0; tries < TRIES; tries++) {
    const found = await findPackage(reader, route, name);
    if (found === null || found.package.latest === null) return null;
    const chunks = await chunksFor(found, options);
    if ((await findPackage(reader, route, name))?.revision === found.revision) return { found, chunks };
    options.share.release();
  }
  throw new MeridianError('overloaded', `${name} changes too often to be read.`, { retryAfterS: 1 });
}

async function chunksFor(found: FoundPackage, options: Assembling): Promise<ArrayBuffer[]> {
  const { name, reader, route } = options;
  const { package: pkg, revision } = found;
  const versions = await versionTexts(pkg, options);
  const latest = versions.find(({ version }) => version === pkg.latest?.version);
  const readme = (await reader.get(readmeKey(route, name)))?.value;
  const head = {
    _id: name,
    // Some clients change the document that they have read like any other (`npm owner`).
    _rev: revision,
    name,
    ...latest?.shown,
    'dist-tags': pkg.tags,
    time: timesOf(pkg),
    maintainers: pkg.owners,
    ...(typeof readme === 'string' && { readme }),
  };
  return encode(
    [
      `${JSON.stringify(head).slice(0, -1)},"versions":{`,
      ...versions.map(({ version, text }, at) => `${at > 0 ? ',' : ''}${JSON.stringify(version)}:${text}`),
      '}}',
    ],
    options,
  );
}

interface VersionText {
  readonly version: string;
  readonly publishedMs: number;
  readonly text: string;
  /** What a registry shows of the latest version beside all of them. */
  readonly shown: Readonly<Record<string, unknown>> | undefined;
}

async function versionTexts(
  pkg: HostedPackage,
  { reader, route, name, base }: Assembling,
): Promise<readonly VersionText[]> {
  const texts: VersionText[] = [];
  const prefix = versionsPrefix(route, name);
  for (let after = prefix; ; ) {
    const page = await reader.scan(prefix, { after, limit: PAGE });
    for (const { key, value } of page) {
      const version = key.at(-1) ?? '';
      const record = asHostedVersion(value);
      if (record.state === 'gone') continue;
      const shown = version === pkg.latest?.version ? shownOf(record.manifest) : undefined;
      const text = JSON.stringify(manifestOf(record, pkg, name, version, base));
      texts.push({ version, publishedMs: record.publishedMs, text, shown });
    }
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) break;
    after = last.key;
    await turn();
  }
  return texts.sort((a, b) => a.publishedMs - b.publishedMs);
}

/** A version as clients get it. */
export function manifestOf(
  { manifest, dist }: PublishedVersion,
  { deprecated }: HostedPackage,
  name: string,
  version: string,
  base: string,
): Record<string, unknown> {
  const message = deprecated[version];
  return {
    ...manifest,
    dist: { ...dist, tarball: `${base}${name}/-/${fileName(name, version)}` },
    ...(message !== undefined && { deprecated: message }),
  };
}

const shownFields = [
  'description',
  'keywords',
  'license',
  'author',
  'contributors',
  'repository',
  'homepage',
  'bugs',
];

function shownOf(manifest: PublishedVersion['manifest']): Record<string, unknown> {
  return Object.fromEntries(
    shownFields.flatMap((field) => (manifest[field] === undefined ? [] : [[field, manifest[field]]])),
  );
}

function timesOf({ createdMs, modifiedMs, versions }: HostedPackage): Record<string, string> {
  const iso = (ms: number) => new Date(ms).toISOString();
  const published = Object.entries(versions).map(([version, ms]) => [version, iso(ms)]);
  return { created: iso(createdMs), modified: iso(modifiedMs), ...Object.fromEntries(published) };
}

async function encode(
  texts: readonly string[],
  { maxBytes, share, name }: Assembling,
): Promise<ArrayBuffer[]> {
  const chunks: ArrayBuffer[] = [];
  let gathered: string[] = [];
  let length = 0;
  let total = 0;
  const flush = () => {
    const { buffer, byteLength } = new TextEncoder().encode(gathered.join(''));
    total += byteLength;
    if (total > maxBytes) {
      const detail = `The document of ${name} exceeds ${maxBytes} bytes (\`maxPackumentBytes\`).`;
      throw new MeridianError('document-too-large', detail);
    }
    share.take(byteLength);
    chunks.push(buffer);
    gathered = [];
    length = 0;
  };
  for (const text of texts) {
    gathered.push(text);
    length += text.length;
    if (length < CHUNK_BYTES) continue;
    flush();
    await turn();
  }
  flush();
  return chunks;
}
