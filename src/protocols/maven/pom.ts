/**
 * POMs: what says of an artifact what it is, what it is made with and what it needs. Of all that, the little that a repository has to know.
 */
import { childOf, childrenOf, childText, readXml, type XmlElement, XmlError } from '../registry/xml.ts';
import type { Coordinates } from './place.ts';

export interface Versioned extends Coordinates {
  readonly version: string;
}

export interface Dependency extends Coordinates {
  /** As it stands there; `null`: a parent says it. */
  readonly version: string | null;
  readonly type: string;
  readonly classifier: string;
  readonly scope: string;
  readonly isOptional: boolean;
}

export interface Pom extends Versioned {
  readonly parent: Versioned | null;
  /** `jar` where it does not say. */
  readonly packaging: string;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly url?: string | undefined;
  readonly scm?: string | undefined;
  readonly licences: readonly string[];
  readonly developers: readonly string[];
  readonly dependencies: readonly Dependency[];
  /** Of plugins: how commands call them. */
  readonly goalPrefix?: string | undefined;
}

export const maxPomBytes = 4 * 1024 * 1024;

/** @throws {XmlError} for what is no POM, or does not say what it is of. */
export function readPom(bytes: Uint8Array): Pom {
  const root = readXml(bytes, { maxBytes: maxPomBytes });
  if (root.name !== 'project') throw new XmlError(`has <${root.name}> as its root element, not <project>`);
  const properties = propertiesOf(root);
  const parent = parentOf(childOf(root, 'parent'), properties);
  const say = (what: string) => {
    const text = childText(root, what);
    return text === undefined ? undefined : filledIn(text, properties);
  };
  const [group, artifact, version] = [
    say('groupId') ?? parent?.group,
    say('artifactId'),
    say('version') ?? parent?.version,
  ];
  if (group === undefined || artifact === undefined || version === undefined) {
    throw new XmlError(
      'does not say its groupId, artifactId and version, nor does it name a parent that does',
    );
  }
  return {
    ...{ group, artifact, version, parent, packaging: say('packaging') ?? 'jar' },
    ...{ name: say('name'), description: say('description'), url: say('url') },
    scm: childText(root, 'scm', 'url'),
    licences: namesIn(childOf(root, 'licenses'), 'license'),
    developers: namesIn(childOf(root, 'developers'), 'developer'),
    dependencies: childrenOf(childOf(root, 'dependencies'), 'dependency').flatMap(
      (each) => dependencyOf(each, { ...properties, ...ownProperties({ group, artifact, version }) }) ?? [],
    ),
    goalPrefix: goalPrefixOf(root),
  };
}

/** As far as the POM itself says it: parents are not read. */
function filledIn(text: string, properties: Readonly<Record<string, string>>): string {
  let filled = text;
  for (let depth = 0; depth < 4 && filled.includes('${'); depth += 1) {
    filled = filled.replace(/\$\{([\w.-]{1,100})\}/g, (all, name: string) =>
      Object.hasOwn(properties, name) ? properties[name]! : all,
    );
    if (filled.length > 1000) return text;
  }
  return filled;
}

/** The extension of what a packaging makes; `null`: nothing but the POM, or nobody knows. */
export function extensionOf(packaging: string): string | null {
  if (packaging === 'pom') return null;
  return /^(?:war|ear|rar|aar|zip|klib|hpi|nar|apk)$/.test(packaging) ? packaging : 'jar';
}

function propertiesOf(root: XmlElement): Record<string, string> {
  const own = childOf(root, 'properties')?.children ?? [];
  return Object.fromEntries(own.map(({ name, text }) => [name, text.trim()]));
}

function ownProperties({ group, artifact, version }: Versioned): Record<string, string> {
  return {
    ...{ 'project.groupId': group, 'project.artifactId': artifact, 'project.version': version },
    ...{ 'pom.groupId': group, 'pom.version': version, version },
  };
}

function parentOf(
  parent: XmlElement | undefined,
  properties: Readonly<Record<string, string>>,
): Versioned | null {
  const [group, artifact, version] = ['groupId', 'artifactId', 'version'].map((what) =>
    childText(parent, what),
  );
  if (group === undefined || artifact === undefined || version === undefined) return null;
  return { group, artifact, version: filledIn(version, properties) };
}

function dependencyOf(
  dependency: XmlElement,
  properties: Readonly<Record<string, string>>,
): Dependency | null {
  const say = (what: string) => {
    const text = childText(dependency, what);
    return text === undefined ? undefined : filledIn(text, properties);
  };
  const [group, artifact] = [say('groupId'), say('artifactId')];
  if (group === undefined || artifact === undefined) return null;
  return {
    ...{ group, artifact, version: say('version') ?? null, type: say('type') ?? 'jar' },
    ...{ classifier: say('classifier') ?? '', scope: say('scope') ?? 'compile' },
    isOptional: say('optional') === 'true',
  };
}

function namesIn(list: XmlElement | undefined, of: string): string[] {
  return childrenOf(list, of).flatMap((each) => childText(each, 'name') ?? []);
}

/** Where the plugin that makes plugins is told another one than their name says. */
function goalPrefixOf(root: XmlElement): string | undefined {
  const plugins = childrenOf(childOf(childOf(root, 'build'), 'plugins'), 'plugin');
  const maker = plugins.find((plugin) => childText(plugin, 'artifactId') === 'maven-plugin-plugin');
  return childText(maker, 'configuration', 'goalPrefix');
}
