/**
 * POMs as Maven reads them before it resolves anything (maven.apache.org/ref/current/maven-model-builder/): what a POM says itself, what it inherits from
 * its parents, and what versions are managed there. Profiles are left out: what activates them is the client's business.
 */
import { childOf, childrenOf, childText, readXml, type XmlElement } from '../registry/xml.ts';
import { maxPomBytes, type Versioned } from './pom.ts';

/** As it stands there, with markers. */
interface Said {
  readonly group: string;
  readonly artifact: string;
  readonly version: string | undefined;
  readonly type: string;
  readonly classifier: string;
  readonly scope: string | undefined;
  readonly optional: string | undefined;
  /** `group:artifact`, either of which may be `*`. */
  readonly exclusions: readonly string[];
}

/** What one POM says. */
export interface Model {
  readonly group: string | undefined;
  readonly version: string | undefined;
  readonly parent: Versioned | null;
  readonly packaging: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly dependencies: readonly Said[];
  readonly managed: readonly Said[];
  /** Where it has moved to; what is left out is as it was. */
  readonly relocation: Partial<Versioned> | null;
}

/** What a client needs that uses an artifact. */
export interface Needed extends Versioned {
  readonly type: string;
  readonly classifier: string;
  readonly scope: string;
  readonly isOptional: boolean;
  readonly exclusions: readonly string[];
}

/** A POM with all that it inherits. */
export interface Effective {
  readonly packaging: string;
  readonly dependencies: readonly Needed[];
  /** What it says of versions, by `keyOf`. */
  readonly managed: ReadonlyMap<string, Needed>;
}

/** @throws {XmlError} for what is no XML. */
export function readModel(bytes: Uint8Array): Model {
  const root = readXml(bytes, { maxBytes: maxPomBytes });
  const moved = childOf(childOf(root, 'distributionManagement'), 'relocation');
  return {
    ...{ group: childText(root, 'groupId'), version: childText(root, 'version') },
    parent: parentOf(childOf(root, 'parent')),
    packaging: childText(root, 'packaging') ?? 'jar',
    properties: Object.fromEntries(
      (childOf(root, 'properties')?.children ?? []).map(({ name, text }) => [name, text.trim()]),
    ),
    dependencies: saidIn(childOf(root, 'dependencies')),
    managed: saidIn(childOf(childOf(root, 'dependencyManagement'), 'dependencies')),
    relocation:
      moved === undefined
        ? null
        : {
            ...withText('group', childText(moved, 'groupId')),
            ...withText('artifact', childText(moved, 'artifactId')),
            ...withText('version', childText(moved, 'version')),
          },
  };
}

function withText<Key extends string>(key: Key, text: string | undefined) {
  return text === undefined ? {} : ({ [key]: text } as Record<Key, string>);
}

function parentOf(parent: XmlElement | undefined): Versioned | null {
  const [group, artifact, version] = ['groupId', 'artifactId', 'version'].map((what) =>
    childText(parent, what),
  );
  return group === undefined || artifact === undefined || version === undefined
    ? null
    : { group, artifact, version };
}

function saidIn(list: XmlElement | undefined): Said[] {
  return childrenOf(list, 'dependency').flatMap((each) => {
    const [group, artifact] = [childText(each, 'groupId'), childText(each, 'artifactId')];
    if (group === undefined || artifact === undefined) return [];
    return [
      {
        ...{ group, artifact, version: childText(each, 'version') },
        ...{ type: childText(each, 'type') ?? 'jar', classifier: childText(each, 'classifier') ?? '' },
        ...{ scope: childText(each, 'scope'), optional: childText(each, 'optional') },
        exclusions: childrenOf(childOf(each, 'exclusions'), 'exclusion').map(
          (one) => `${childText(one, 'groupId') ?? '*'}:${childText(one, 'artifactId') ?? '*'}`,
        ),
      },
    ];
  });
}

export function keyOf({
  group,
  artifact,
  type,
  classifier,
}: Pick<Needed, 'group' | 'artifact' | 'type' | 'classifier'>): string {
  return `${group}:${artifact}:${type}:${classifier}`;
}

export interface Whole {
  readonly of: Versioned;
  /** The POM, its parent, the parent of that, and so on. */
  readonly chain: readonly Model[];
}

/** What it says, filled in; of `managed`, what has to be imported is among them. */
export function inherit({
  of,
  chain,
}: Whole): Omit<Effective, 'managed'> & { readonly managed: readonly Needed[] } {
  const properties = Object.assign(
    {},
    ...chain.toReversed().map((model) => model.properties),
    ownOf(of, chain),
  );
  const fill = (said: Said): Needed => {
    const filled = (text: string) => fillIn(text, properties);
    return {
      ...{ group: filled(said.group), artifact: filled(said.artifact), version: filled(said.version ?? '') },
      ...{ type: filled(said.type), classifier: filled(said.classifier), scope: filled(said.scope ?? '') },
      ...{ isOptional: filled(said.optional ?? '') === 'true', exclusions: said.exclusions.map(filled) },
    };
  };
  const [own] = chain;
  return {
    packaging: own?.packaging ?? 'jar',
    dependencies: firstOfEach(chain.flatMap((model) => model.dependencies.map(fill))),
    managed: chain.flatMap((model) => model.managed.map(fill)),
  };
}

function ownOf(of: Versioned, [own]: readonly Model[]): Record<string, string> {
  const { group, artifact, version } = of;
  const [up, way] = [own?.parent ?? of, ['project.', 'pom.', '']];
  return Object.fromEntries(
    way.flatMap((prefix) => [
      [`${prefix}groupId`, group],
      [`${prefix}artifactId`, artifact],
      [`${prefix}version`, version],
      [`${prefix}parent.groupId`, up.group],
      [`${prefix}parent.version`, up.version],
    ]),
  );
}

export function firstOfEach(all: readonly Needed[]): readonly Needed[] {
  const found = new Map<string, Needed>();
  for (const each of all) if (!found.has(keyOf(each))) found.set(keyOf(each), each);
  return [...found.values()];
}

/** Of properties within properties. */
const deepest = 8;
const longest = 1_000;

function fillIn(text: string, properties: Readonly<Record<string, string>>): string {
  let filled = text;
  for (let depth = 0; depth < deepest && filled.includes('${'); depth += 1) {
    filled = filled.replace(/\$\{([\w.-]{1,100})\}/g, (all, name: string) =>
      Object.hasOwn(properties, name) ? properties[name]! : all,
    );
    if (filled.length > longest) return text;
  }
  return filled.trim();
}

/** With the versions, scopes and exclusions that are managed, where it says none. */
export function manage(needed: Needed, managed: ReadonlyMap<string, Needed>): Needed {
  const said = managed.get(keyOf(needed));
  return {
    ...needed,
    version: needed.version || said?.version || '',
    scope: needed.scope || said?.scope || 'compile',
    isOptional: needed.isOptional,
    exclusions: [...needed.exclusions, ...(said?.exclusions ?? [])],
  };
}
