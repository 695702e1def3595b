/**
 * A small package index (PEP 503, 691): packages are published by a call, and every answer can be made to go wrong. By default it speaks JSON and HTML, and
 * tells all that it knows; told so, it speaks HTML only, as a folder of files on a web server does.
 */
import { writeHtmlPage, writeJsonPage } from '../../src/protocols/pypi/index/write-page.ts';
import { normalise } from '../../src/protocols/pypi/names.ts';
import { hexOf, type PackageSketch, type PythonPackage, wheel } from './python-package.ts';
import { startUpstream, type Upstream, type UpstreamAnswer, type UpstreamRequest } from './upstream.ts';

export interface IndexOptions {
  readonly speaks?: 'json' | 'html';
  /** The `Authorization` without which it answers 401. */
  readonly authorization?: string;
  /** Address of another server that files are at. */
  readonly filesAt?: string;
}

export interface Release {
  /** When, RFC 3339; absent: long ago. `null`: it does not say. */
  readonly at?: string | null;
  /** With the reason. */
  readonly yanked?: string;
  /** What it says of the file, instead of what it is. */
  readonly sha256?: string | null;
  /** Instead of the file's own bytes. */
  readonly sends?: Uint8Array;
}

export interface PythonIndex extends Upstream {
  /** A wheel, unless it has been made already. */
  publish(sketch: PackageSketch | PythonPackage, release?: Release): PythonPackage;
}

interface Published {
  readonly made: PythonPackage;
  readonly release: Release;
}

const longAgo = '2020-01-01T00:00:00.000000Z';
const json = 'application/vnd.pypi.simple.v1+json';

export async function startPythonIndex(options: IndexOptions = {}): Promise<PythonIndex> {
  const files = new Map<string, Published>();
  const upstream = await startUpstream((request) => answer(request, [...files.values()], options));
  return {
    ...upstream,
    publish(sketch, release = {}) {
      const made = 'bytes' in sketch ? sketch : wheel(sketch);
      files.set(made.file, { made, release });
      return made;
    },
  };
}

function answer(
  request: UpstreamRequest,
  files: readonly Published[],
  options: IndexOptions,
): UpstreamAnswer {
  const { authorization, speaks = 'json' } = options;
  if (authorization !== undefined && request.headers.get('authorization') !== authorization)
    return { status: 401, body: 'who are you?' };
  const [kind, project = '', file] = request.path.slice(1).split('/');
  if (kind === 'files') return fileAt(file ?? '', files);
  if (kind !== 'simple') return { status: 404, body: 'there is nothing here' };
  const isJson = speaks === 'json' && (request.headers.get('accept') ?? '').includes(json);
  const own = files.filter(({ made }) => normalise(made.name) === project);
  if (project !== '' && own.length === 0) return { status: 404, body: 'there is no such project' };
  const text = project === '' ? listOf(files, isJson) : pageOf(project, own, isJson, options);
  const etag = `"${Bun.hash(text).toString(36)}"`;
  const headers = { 'content-type': isJson ? json : 'text/html', etag, vary: 'accept' };
  if (request.headers.get('if-none-match') === etag) return { status: 304, headers };
  return { headers, body: text };
}

function fileAt(name: string, files: readonly Published[]): UpstreamAnswer {
  const found = files.find(({ made }) => name === made.file || name === `${made.file}.metadata`);
  if (found === undefined) return { status: 404, body: 'there is no such file' };
  const { made, release } = found;
  const headers = { 'content-type': 'application/octet-stream' };
  return { headers, body: name === made.file ? (release.sends ?? made.bytes) : made.metadata };
}

function listOf(files: readonly Published[], isJson: boolean): string {
  const names = [...new Set(files.map(({ made }) => made.name))];
  if (!isJson) return names.map((name) => `<a href="${normalise(name)}/">${name}</a>`).join('\n');
  return JSON.stringify({ meta: { 'api-version': '1.1' }, projects: names.map((name) => ({ name })) });
}

function pageOf(
  project: string,
  files: readonly Published[],
  isJson: boolean,
  { filesAt = '../..' }: IndexOptions,
): string {
  const page = {
    ...{ name: project, versions: null, tracks: [], alternateLocations: [], status: null },
    files: files.map(({ made, release }) => ({
      ...{ name: made.file, version: made.version, url: '', provenance: null },
      requiresPython: made.requiresPython,
      hashes: hashesOf(made, release),
      yanked: release.yanked ?? null,
      metadata: made.file.endsWith('.whl') ? { sha256: hexOf(made.metadata) } : null,
      sizeBytes: made.bytes.byteLength,
      uploadTime: release.at === undefined ? longAgo : release.at,
    })),
  };
  const text = isJson ? writeJsonPage(page) : writeHtmlPage(page);
  return text.replaceAll('../../files/', `${filesAt}/files/`);
}

function hashesOf({ sha256 }: PythonPackage, release: Release): Record<string, string> {
  if (release.sha256 === null) return {};
  return { sha256: release.sha256 ?? sha256 };
}
