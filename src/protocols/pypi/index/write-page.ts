/**
 * Renders an index, in JSON (PEP 691) and in HTML (PEP 503). Addresses are relative to `…/simple/<project>/`, so that they hold wherever a
 * PoP is. What is not known is not said: without the size of every file it is version 1.0 of the interface, else the one that has all that
 * is written here.
 */
import type { PageFile, ProjectPage } from './page.ts';

export function writeJsonPage(page: ProjectPage): string {
  const { name, files, tracks, alternateLocations, status } = page;
  return JSON.stringify({
    meta: { 'api-version': interfaceOf(page), ...(tracks.length > 0 && { tracks }) },
    ...(status && {
      'project-status': { status: status.status, ...(status.reason !== null && { reason: status.reason }) },
    }),
    name,
    ...(alternateLocations.length > 0 && { 'alternate-locations': alternateLocations }),
    versions: versionsOf(page),
    files: files.map((file) => writeJsonFile(name, file)),
  });
}

function writeJsonFile(project: string, file: PageFile): object {
  const { requiresPython, yanked, metadata, sizeBytes, uploadTime, provenance } = file;
  return {
    filename: file.name,
    url: addressOf(project, file.name),
    hashes: file.hashes,
    ...(requiresPython !== null && { 'requires-python': requiresPython }),
    ...(sizeBytes !== null && { size: sizeBytes }),
    ...(uploadTime !== null && { 'upload-time': uploadTime }),
    yanked: yanked === '' ? true : (yanked ?? false),
    // Under its old name as well, it would end pip 22.3 to 23.1 with a TypeError (PEP 714); HTML has both.
    'core-metadata': metadata ?? false,
    ...(provenance !== null && { provenance }),
  };
}

export function writeHtmlPage(page: ProjectPage): string {
  const { name, files, tracks, alternateLocations, status } = page;
  const meta: readonly (readonly [string, string])[] = [
    ['pypi:repository-version', interfaceOf(page)],
    ...tracks.map((url) => ['pypi:tracks', url] as const),
    ...alternateLocations.map((url) => ['pypi:alternate-locations', url] as const),
    ...(status === null ? [] : [['pypi:project-status', status.status] as const]),
    ...(status?.reason == null ? [] : [['pypi:project-status-reason', status.reason] as const]),
  ];
  return htmlOf(
    `Links for ${name}`,
    meta,
    files.map((file) => writeHtmlFile(name, file)),
  );
}

function writeHtmlFile(project: string, file: PageFile): string {
  const { requiresPython, yanked, metadata, provenance } = file;
  const hash = hashText(file.hashes);
  const sidecar = metadata && hashText(metadata);
  const attributes: readonly (readonly [string, string | null])[] = [
    ['href', addressOf(project, file.name) + (hash === null ? '' : `#${hash}`)],
    ['data-requires-python', requiresPython],
    ['data-core-metadata', sidecar],
    ['data-dist-info-metadata', sidecar],
    ['data-yanked', yanked],
    ['data-provenance', provenance],
  ];
  const written = attributes.flatMap(([key, value]) =>
    value === null ? [] : [` ${key}="${escaped(value)}"`],
  );
  return `<a${written.join('')}>${escaped(file.name)}</a><br>`;
}

/** Of all projects. @param names normalised. */
export function writeJsonList(names: readonly string[]): string {
  return JSON.stringify({ meta: { 'api-version': '1.4' }, projects: names.map((name) => ({ name })) });
}

export function writeHtmlList(names: readonly string[]): string {
  const links = names.map((name) => `<a href="${name}/">${name}</a><br>`);
  return htmlOf('Simple index', [['pypi:repository-version', '1.4']], links);
}

function htmlOf(
  title: string,
  meta: readonly (readonly [name: string, content: string])[],
  links: readonly string[],
): string {
  return [
    '<!DOCTYPE html>',
    '<html>',
    '<head>',
    '<meta charset="utf-8">',
    ...meta.map(([name, content]) => `<meta name="${name}" content="${escaped(content)}">`),
    `<title>${title}</title>`,
    '</head>',
    '<body>',
    `<h1>${title}</h1>`,
    ...links,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function interfaceOf({ files }: ProjectPage): '1.0' | '1.4' {
  return files.every(({ sizeBytes }) => sizeBytes !== null) ? '1.4' : '1.0';
}

function versionsOf({ versions, files }: ProjectPage): readonly string[] {
  return versions ?? [...new Set(files.map(({ version }) => version))];
}

function addressOf(project: string, file: string): string {
  return `../../files/${project}/${file}`;
}

/** The strongest that every client compares. */
const algorithms = ['sha256', 'sha512', 'sha384', 'sha1', 'md5'];

function hashText(hashes: Readonly<Record<string, string>>): string | null {
  const algorithm = algorithms.find((each) => hashes[each] !== undefined);
  return algorithm === undefined ? null : `${algorithm}=${hashes[algorithm]}`;
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (char) => references[char] ?? char);
}
