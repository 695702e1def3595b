/** The manifest of a package (`.nuspec`): what it is, and what it needs. Source: the .nuspec reference of NuGet. */
import { childOf, childrenOf, childText, readXml, type XmlElement, XmlError } from '../registry/xml.ts';
import { isPackageId, normalised } from './name.ts';

export interface Nuspec {
  /** As its author writes it. */
  readonly id: string;
  /** Normalised, in the case that it was written in. */
  readonly version: string;
  /** With build metadata. */
  readonly fullVersion: string;
  readonly authors: string;
  readonly description: string;
  readonly title: string | undefined;
  readonly summary: string | undefined;
  readonly tags: readonly string[];
  readonly projectUrl: string | undefined;
  readonly licenseUrl: string | undefined;
  /** SPDX. */
  readonly licenseExpression: string | undefined;
  readonly iconUrl: string | undefined;
  readonly repository: string | undefined;
  readonly readme: string | undefined;
  readonly requireLicenseAcceptance: boolean;
  readonly minClientVersion: string | undefined;
  readonly packageTypes: readonly string[];
  readonly groups: readonly DependencyGroup[];
}

export interface DependencyGroup {
  /** Absent: whatever the framework. */
  readonly targetFramework?: string | undefined;
  readonly dependencies: readonly { readonly id: string; readonly range: string }[];
}

/** Completes "The manifest …". */
export class NuspecError extends Error {}

export const maxNuspecBytes = 1024 * 1024;
const maxDependencies = 5_000;
const maxChars = 20_000;

/** @throws {NuspecError} */
export function readNuspec(bytes: Uint8Array): Nuspec {
  const metadata = childOf(rootOf(bytes), 'metadata');
  if (metadata === undefined) throw new NuspecError('has no metadata');
  const text = (name: string) => childText(metadata, name)?.slice(0, maxChars);
  const id = text('id') ?? '';
  if (!isPackageId(id)) throw new NuspecError(`has an id that none may have: ${short(id)}`);
  const written = text('version') ?? '';
  const version = normalised(written);
  if (version === null) throw new NuspecError(`has a version that is none: ${short(written)}`);
  const licence = childOf(metadata, 'license');
  const build = written.includes('+') ? written.slice(written.indexOf('+')) : '';
  return {
    ...{ id, version, fullVersion: version + build },
    ...{ authors: text('authors') ?? '', description: text('description') ?? '' },
    ...{ title: text('title'), summary: text('summary'), readme: text('readme') },
    tags: (text('tags') ?? '').split(/[\s,;]+/).filter((tag) => tag !== ''),
    ...{ projectUrl: text('projectUrl'), licenseUrl: text('licenseUrl'), iconUrl: text('iconUrl') },
    licenseExpression: licence?.attributes.get('type') === 'expression' ? licence.text.trim() : undefined,
    repository: childOf(metadata, 'repository')?.attributes.get('url'),
    requireLicenseAcceptance: text('requireLicenseAcceptance')?.toLowerCase() === 'true',
    minClientVersion: metadata.attributes.get('minClientVersion'),
    packageTypes: childrenOf(childOf(metadata, 'packageTypes'), 'packageType').flatMap(
      (type) => type.attributes.get('name') ?? [],
    ),
    groups: groupsIn(childOf(metadata, 'dependencies')),
  };
}

function rootOf(bytes: Uint8Array): XmlElement {
  let root: XmlElement;
  try {
    root = readXml(bytes, { maxBytes: maxNuspecBytes });
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw new NuspecError(cause.message, { cause });
  }
  if (root.name !== 'package')
    throw new NuspecError(`is no manifest of a package, but <${short(root.name)}>`);
  return root;
}

function groupsIn(element: XmlElement | undefined): readonly DependencyGroup[] {
  const groups = childrenOf(element, 'group').map((group) => ({
    targetFramework: group.attributes.get('targetFramework'),
    dependencies: dependenciesIn(group),
  }));
  const ungrouped = dependenciesIn(element);
  const all = ungrouped.length > 0 || groups.length === 0 ? [{ dependencies: ungrouped }, ...groups] : groups;
  if (all.reduce((sum, group) => sum + group.dependencies.length, 0) > maxDependencies)
    throw new NuspecError(`has more than ${maxDependencies} dependencies`);
  return all.filter(
    (group, at) => at > 0 || group.dependencies.length > 0 || all.length > 1 || 'targetFramework' in group,
  );
}

function dependenciesIn(element: XmlElement | undefined): DependencyGroup['dependencies'] {
  return childrenOf(element, 'dependency').map(({ attributes }) => {
    const id = attributes.get('id') ?? '';
    if (!isPackageId(id)) throw new NuspecError(`depends on what cannot be a package: ${short(id)}`);
    return { id, range: rangeOf(attributes.get('version') ?? '') };
  });
}

/** As registrations write it: `1.0` means `[1.0.0, )`; nothing: any. */
function rangeOf(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '(, )';
  const version = normalised(trimmed);
  return version === null ? trimmed.slice(0, 200) : `[${version}, )`;
}

function short(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
