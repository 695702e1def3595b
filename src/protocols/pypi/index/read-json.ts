/** Reads an index in JSON (PEP 691, 700, 708, 714, 740, 792). What it says beside that is left out. */
import { z } from 'zod';
import { readFileName } from '../names.ts';
import { absolute, hashesIn, readStatus } from './fields.ts';
import { NotAnIndex, type PageFile, type ProjectPage } from './page.ts';

const hashes = z.record(z.string(), z.string());
const metadata = z.union([z.boolean(), hashes]).nullish();

const file = z.object({
  filename: z.string(),
  url: z.string(),
  hashes,
  'requires-python': z.string().nullish(),
  'core-metadata': metadata,
  'dist-info-metadata': metadata,
  'data-dist-info-metadata': metadata,
  yanked: z.union([z.boolean(), z.string()]).nullish(),
  size: z.number().int().nonnegative().nullish(),
  'upload-time': z.string().nullish(),
  provenance: z.string().nullish(),
});

const meta = z.object({
  'api-version': z.string(),
  tracks: z.array(z.string()).nullish(),
});

const status = z.object({ status: z.string(), reason: z.string().nullish() });

const page = z.object({
  meta,
  files: z.array(file),
  versions: z.array(z.string()).nullish(),
  'alternate-locations': z.array(z.string()).nullish(),
  'project-status': status.nullish(),
});

const list = z.object({ meta, projects: z.array(z.object({ name: z.string() })) });

/**
 * @param name normalised.
 * @param base what relative addresses are relative to.
 * @throws `NotAnIndex`.
 */
export function readJsonPage(name: string, bytes: Uint8Array, base: string): ProjectPage {
  const said = parse(page, bytes);
  return {
    name,
    files: said.files.flatMap((each) => readFile(name, each, base) ?? []),
    versions: said.versions ?? null,
    tracks: said.meta.tracks?.flatMap((url) => absolute(url, base) ?? []) ?? [],
    alternateLocations: said['alternate-locations']?.flatMap((url) => absolute(url, base) ?? []) ?? [],
    status: readStatus(said['project-status']?.status, said['project-status']?.reason),
  };
}

/** Names as the upstream spells them. @throws `NotAnIndex`. */
export function readJsonList(bytes: Uint8Array): readonly string[] {
  return parse(list, bytes).projects.map(({ name }) => name);
}

function parse<T extends { readonly meta: z.output<typeof meta> }>(
  schema: z.ZodType<T>,
  bytes: Uint8Array,
): T {
  const parsed = schema.safeParse(jsonIn(bytes));
  if (!parsed.success) {
    const { path = [], message = '' } = parsed.error.issues[0] ?? {};
    throw new NotAnIndex(`it is no index in JSON (${[...path, message].join(' ')})`);
  }
  const version = parsed.data.meta['api-version'];
  if (!version.startsWith('1.')) throw new NotAnIndex(`it is an index of version ${version}, not 1`);
  return parsed.data;
}

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new NotAnIndex('it says that it is JSON, and is not', { cause });
  }
}

/** `null`: no file of this project that a client would install. */
function readFile(project: string, said: z.output<typeof file>, base: string): PageFile | null {
  const read = readFileName(project, said.filename);
  const url = absolute(said.url, base);
  if (read === null || url === null) return null;
  const metadataSaid =
    said['core-metadata'] ?? said['dist-info-metadata'] ?? said['data-dist-info-metadata'] ?? false;
  const metadataHashes = typeof metadataSaid === 'boolean' ? {} : hashesIn(Object.entries(metadataSaid));
  return {
    ...{ name: said.filename, version: read.version, url },
    hashes: hashesIn(Object.entries(said.hashes)),
    requiresPython: said['requires-python'] ?? null,
    yanked: readYanked(said.yanked ?? false),
    metadata: Object.keys(metadataHashes).length === 0 ? null : metadataHashes,
    sizeBytes: said.size ?? null,
    uploadTime: said['upload-time'] ?? null,
    provenance: said.provenance == null ? null : absolute(said.provenance, base),
  };
}

function readYanked(yanked: boolean | string): string | null {
  if (typeof yanked === 'boolean') return yanked ? '' : null;
  return yanked;
}
