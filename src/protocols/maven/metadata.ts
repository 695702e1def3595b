/**
 * `maven-metadata.xml`: which versions an artifact has, which builds a snapshot, which plugins a group. Read from each remote that may have
 * the artifact, united, and written anew: always the same bytes for the same lists, since clients compare them with a checksum that they fetch apart.
 */
import {
  childOf,
  childrenOf,
  childText,
  escapeXml,
  readXml,
  type XmlElement,
  XmlError,
} from '../registry/xml.ts';
import { type Coordinates, isSnapshot, versionPattern } from './place.ts';
import { inOrder } from './version.ts';

export interface Metadata {
  readonly versions: readonly string[];
  /** Of the group that the address may mean as well, by their prefixes. */
  readonly plugins: readonly Plugin[];
  /** `yyyyMMddHHmmss`, UTC; `null`: it does not say. */
  readonly lastUpdated: string | null;
}

export interface Plugin {
  readonly name: string;
  readonly prefix: string;
  readonly artifact: string;
}

/** Of one snapshot. */
export interface Builds {
  /** Its newest build; `null`: builds are not told apart. */
  readonly newest: { readonly timestamp: string; readonly number: number } | null;
  readonly files: readonly BuildFile[];
  readonly lastUpdated: string | null;
}

/** The newest one with that classifier and extension. */
export interface BuildFile {
  readonly classifier: string;
  readonly extension: string;
  /** As its file is called: `1.1-20260102.030405-6`. */
  readonly version: string;
  /** `yyyyMMddHHmmss`. */
  readonly updated: string;
}

/** Largest that is read, and how much in it: lists of versions grow for years. */
const bounds = { maxDepth: 16, maxElements: 200_000, maxAttributes: 16 };

/** @throws {XmlError} for what is no metadata of that artifact, nor of the group that its folder may be. */
export function readMetadata(bytes: Uint8Array, of: Coordinates): Metadata {
  const root = readRoot(bytes);
  const plugins = childrenOf(childOf(root, 'plugins'), 'plugin').map(pluginOf);
  const versioning = childOf(root, 'versioning');
  if (plugins.length === 0 || versioning !== undefined) checkArtifact(root, of);
  return {
    // What cannot be asked for is not offered: some have `${revision}` among their versions.
    versions: childrenOf(childOf(versioning, 'versions'), 'version')
      .map(({ text }) => text.trim())
      .filter((version) => versionPattern.test(version)),
    plugins,
    lastUpdated: stampOf(childText(versioning, 'lastUpdated')),
  };
}

/** @throws {XmlError} for what is no metadata of that snapshot. */
export function readBuilds(bytes: Uint8Array, of: Coordinates, version: string): Builds {
  const root = readRoot(bytes);
  checkArtifact(root, of);
  const said = childText(root, 'version');
  if (said !== undefined && said !== version) throw new XmlError(`is of version ${said}, not of ${version}`);
  const versioning = childOf(root, 'versioning');
  const timestamp = childText(versioning, 'snapshot', 'timestamp');
  const number = Number(childText(versioning, 'snapshot', 'buildNumber') ?? Number.NaN);
  const isBuild = timestamp !== undefined && /^\d{8}\.\d{6}$/.test(timestamp) && Number.isSafeInteger(number);
  return {
    newest: isBuild ? { timestamp, number } : null,
    files: childrenOf(childOf(versioning, 'snapshotVersions'), 'snapshotVersion').map(buildFileOf),
    lastUpdated: stampOf(childText(versioning, 'lastUpdated')),
  };
}

/** What all of them say: every version once, in order; of plugins with one prefix the first. */
export function unite(all: readonly Metadata[]): Metadata {
  const plugins = new Map<string, Plugin>();
  for (const plugin of all.flatMap((each) => each.plugins)) {
    if (!plugins.has(plugin.prefix)) plugins.set(plugin.prefix, plugin);
  }
  return {
    versions: inOrder(new Set(all.flatMap(({ versions }) => versions))),
    plugins: [...plugins.values()].sort((a, b) => compareText(a.prefix, b.prefix)),
    lastUpdated: newestStamp(all),
  };
}

/** Of each file the newest build that any of them has. */
export function uniteBuilds(all: readonly Builds[]): Builds {
  const files = new Map<string, BuildFile>();
  for (const file of all.flatMap((each) => each.files)) {
    const key = `${file.classifier} ${file.extension}`;
    const known = files.get(key);
    if (known === undefined || known.updated < file.updated) files.set(key, file);
  }
  const newest = all
    .flatMap((each) => each.newest ?? [])
    .sort((a, b) => compareText(b.timestamp, a.timestamp) || b.number - a.number);
  return {
    newest: newest[0] ?? null,
    files: [...files.entries()].sort(([a], [b]) => compareText(a, b)).map(([, file]) => file),
    lastUpdated: newestStamp(all),
  };
}

/** `null`: it says nothing at all. */
export function writeMetadata(of: Coordinates, { versions, plugins, lastUpdated }: Metadata): string | null {
  if (versions.length === 0 && plugins.length === 0) return null;
  const releases = versions.filter((version) => !isSnapshot(version));
  const versioning =
    versions.length === 0
      ? []
      : [
          ...['  <versioning>', element(4, 'latest', versions.at(-1)!)],
          ...releases.slice(-1).map((release) => element(4, 'release', release)),
          ...[
            '    <versions>',
            ...versions.map((version) => element(6, 'version', version)),
            '    </versions>',
          ],
          ...(lastUpdated === null ? [] : [element(4, 'lastUpdated', lastUpdated)]),
          '  </versioning>',
        ];
  return document([
    ...(versions.length === 0
      ? []
      : [element(2, 'groupId', of.group), element(2, 'artifactId', of.artifact)]),
    ...versioning,
    ...(plugins.length === 0 ? [] : ['  <plugins>', ...plugins.flatMap(pluginLines), '  </plugins>']),
  ]);
}

export function writeBuilds(
  of: Coordinates,
  version: string,
  { newest, files, lastUpdated }: Builds,
): string {
  const snapshot =
    newest === null
      ? []
      : [
          ...['    <snapshot>', element(6, 'timestamp', newest.timestamp)],
          ...[element(6, 'buildNumber', String(newest.number)), '    </snapshot>'],
        ];
  return document([
    ...[
      element(2, 'groupId', of.group),
      element(2, 'artifactId', of.artifact),
      element(2, 'version', version),
    ],
    ...['  <versioning>', ...snapshot],
    ...(lastUpdated === null ? [] : [element(4, 'lastUpdated', lastUpdated)]),
    ...(files.length === 0
      ? []
      : ['    <snapshotVersions>', ...files.flatMap(buildLines), '    </snapshotVersions>']),
    '  </versioning>',
  ]);
}

/** As `lastUpdated` has it. */
export function stampAt(ms: number): string {
  return new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14);
}

function readRoot(bytes: Uint8Array): XmlElement {
  const root = readXml(bytes, { ...bounds, maxBytes: bytes.length });
  if (root.name !== 'metadata') throw new XmlError(`has <${root.name}> as its root element, not <metadata>`);
  return root;
}

/** Says nothing of whom it is about: then it is believed. */
function checkArtifact(root: XmlElement, { group, artifact }: Coordinates): void {
  const [saidGroup, saidArtifact] = [childText(root, 'groupId'), childText(root, 'artifactId')];
  // Metadata of a group has the folder's whole path as its group, and no artifact.
  if (saidArtifact === undefined && saidGroup === `${group}.${artifact}`) return;
  if ((saidGroup ?? group) === group && (saidArtifact ?? artifact) === artifact) return;
  throw new XmlError(`is of ${saidGroup ?? group}:${saidArtifact ?? artifact}, not of ${group}:${artifact}`);
}

function versionOf(text: string): string {
  if (!versionPattern.test(text))
    throw new XmlError(`names a version that none can be: ${text.slice(0, 60)}`);
  return text;
}

function pluginOf(plugin: XmlElement): Plugin {
  const prefix = childText(plugin, 'prefix');
  const artifact = childText(plugin, 'artifactId');
  if (prefix === undefined || artifact === undefined)
    throw new XmlError('has a plugin without a prefix or an artifact');
  return { prefix, artifact, name: childText(plugin, 'name') ?? artifact };
}

function buildFileOf(file: XmlElement): BuildFile {
  const [extension, version] = [childText(file, 'extension'), childText(file, 'value')];
  if (extension === undefined || version === undefined) {
    throw new XmlError('has a <snapshotVersion> without its extension or its value');
  }
  return {
    ...{ extension, version: versionOf(version), classifier: childText(file, 'classifier') ?? '' },
    updated: stampOf(childText(file, 'updated')) ?? '',
  };
}

/** Whole seconds; older tools write them with a dot, as in timestamps. */
function stampOf(text: string | undefined): string | null {
  const digits = text?.replace('.', '') ?? '';
  return /^\d{14}$/.test(digits) ? digits : null;
}

function newestStamp(all: readonly { readonly lastUpdated: string | null }[]): string | null {
  return all.reduce<string | null>(
    (newest, { lastUpdated }) =>
      lastUpdated !== null && lastUpdated > (newest ?? '') ? lastUpdated : newest,
    null,
  );
}

function document(lines: readonly string[]): string {
  const start = ['<?xml version="1.0" encoding="UTF-8"?>', '<metadata modelVersion="1.1.0">'];
  return `${[...start, ...lines, '</metadata>'].join('\n')}\n`;
}

function element(indent: number, name: string, text: string): string {
  return `${' '.repeat(indent)}<${name}>${escapeXml(text)}</${name}>`;
}

function pluginLines({ name, prefix, artifact }: Plugin): string[] {
  return [
    ...['    <plugin>', element(6, 'name', name), element(6, 'prefix', prefix)],
    ...[element(6, 'artifactId', artifact), '    </plugin>'],
  ];
}

function buildLines({ classifier, extension, version, updated }: BuildFile): string[] {
  return [
    '      <snapshotVersion>',
    ...(classifier === '' ? [] : [element(8, 'classifier', classifier)]),
    ...[element(8, 'extension', extension), element(8, 'value', version)],
    ...(updated === '' ? [] : [element(8, 'updated', updated)]),
    '      </snapshotVersion>',
  ];
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
