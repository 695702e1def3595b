/** One version that is made of parts, for a terminal: what it is, its platforms, config and layers, and what refers to it. */
import type { ArtifactPage } from '../../access/api/packages-message.ts';
import { readableSize } from '../../telemetry/readable.ts';
import { day, oneLine } from '../access/shown.ts';
import { table } from '../table.ts';

/** JSON has all. */
const mostTexts = 30;
const shortDigest = 'sha256:'.length + 12;

export function shownArtifact(page: ArtifactPage): string {
  return [
    `${headOf(page).join('\n')}\n`,
    part('platforms', childHeading, page.children.map(childRow)),
    part('layers', layerHeading, page.layers.map(layerRow)),
    configOf(page),
    texts('labels', page.config?.labels ?? {}),
    texts('annotations', page.annotations),
    part('referrers', referrerHeading, page.referrers.map(referrerRow)),
  ].join('');
}

function headOf(page: ArtifactPage): string[] {
  const { route, name, version, kind, artifactType, kept, access, digest, mediaType, tags, note, blocked } =
    page;
  const which = version.includes(':') ? `${name}@${version}` : `${name}:${version}`;
  const facts = [route, kind, kept, ...(access === 'restricted' ? [access] : [])];
  const type = artifactType === null ? '' : ` (${oneLine(artifactType, 120)})`;
  return [
    `${oneLine(which, 400)} (${facts.join(', ')})`,
    `digest: ${digest}`,
    `type: ${oneLine(mediaType, 120)}${type}`,
    ...(tags.length > 0 ? [`tags: ${oneLine(tags.join(', '), 500)}`] : []),
    ...(page.pushedMs === null
      ? []
      : [
          `pushed: ${day(page.pushedMs)}${page.publisher === null ? '' : ` by ${oneLine(page.publisher, 60)}`}`,
        ]),
    ...(page.subject === null ? [] : [`about: ${page.subject}`]),
    sizeOf(page),
    ...(blocked === null ? [] : [`BLOCKED: ${oneLine(blocked.why, 500)}`]),
    ...(note === null ? [] : [oneLine(note, 500)]),
  ];
}

function sizeOf({ sizeBytes, manifestBytes, sizes }: ArtifactPage): string {
  const own =
    sizes === null
      ? ''
      : `: ${readableSize(sizes.ownBytes)} of its own, ${readableSize(sizes.sharedBytes)} shared with others`;
  return `size: ${readableSize(sizeBytes ?? manifestBytes)}${own}`;
}

function configOf({ config }: ArtifactPage): string {
  if (config === null) return '';
  const { platform, createdMs, author, entrypoint, command, user, workingDir, ports, volumes, environment } =
    config;
  const facts: readonly (readonly [string, string | null])[] = [
    ['platform', platform],
    ['created', createdMs === null ? null : day(createdMs)],
    ['author', author],
    ['entrypoint', wordsOf(entrypoint)],
    ['command', wordsOf(command)],
    ['user', user],
    ['directory', workingDir],
    ['ports', listOf(ports)],
    ['volumes', listOf(volumes)],
    ['environment', listOf(environment)],
  ];
  const known = facts.flatMap(([name, text]) => (text === null ? [] : [`${name}: ${oneLine(text, 300)}`]));
  return known.length === 0 ? '' : `\nconfig\n${known.join('\n')}\n`;
}

function wordsOf(words: readonly string[]): string | null {
  return words.length === 0 ? null : JSON.stringify(words);
}

function listOf(words: readonly string[]): string | null {
  return words.length === 0 ? null : words.join(', ');
}

function texts(title: string, all: Readonly<Record<string, string>>): string {
  const rows = Object.entries(all).map(([name, text]) => [oneLine(name, 80), oneLine(text, 120)]);
  const more = rows.length > mostTexts ? `and ${rows.length - mostTexts} more\n` : '';
  return rows.length === 0 ? '' : `\n${table([title, ''], rows.slice(0, mostTexts))}${more}`;
}

function part(title: string, heading: readonly string[], rows: readonly (readonly (string | number)[])[]) {
  return rows.length === 0 ? '' : `\n${table([title, ...heading], rows)}`;
}

const childHeading = ['digest', 'size', 'here'];

function childRow({ platform, kind, digest, sizeBytes, isHere }: ArtifactPage['children'][number]) {
  const size = sizeBytes === null ? '-' : readableSize(sizeBytes);
  return [oneLine(platform ?? kind ?? '-', 60), digest, size, isHere ? 'yes' : 'no'];
}

const layerHeading = ['type', 'size', 'shared', 'made by'];

function layerRow({ digest, mediaType, sizeBytes, isShared, history }: ArtifactPage['layers'][number]) {
  const shared = isShared === null ? '-' : isShared ? 'yes' : 'no';
  const made = history === null ? '' : oneLine(history, 80);
  return [digest.slice(0, shortDigest), oneLine(mediaType, 60), readableSize(sizeBytes), shared, made];
}

const referrerHeading = ['digest', 'size', 'type', 'tag'];

function referrerRow({ kind, digest, sizeBytes, artifactType, tag }: ArtifactPage['referrers'][number]) {
  return [kind, digest, readableSize(sizeBytes), oneLine(artifactType ?? '-', 80), oneLine(tag ?? '', 90)];
}
