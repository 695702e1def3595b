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
  /** What it says of versions, by the name of the artifact; under `marker` what has a marker there. */
  readonly managed: ReadonlyMap<string, readonly Said[]>;
  /** Other POMs whose word on versions it takes. */
  readonly imports: readonly Said[];
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
export interface Inherited {
  readonly packaging: string;
  readonly dependencies: readonly Needed[];
  /** In the order in which they count. */
  readonly imports: readonly Needed[];
  /** What it, or a parent, says of the version of this. */
  managed(needed: Needed): Needed | null;
}

const marker = '${';

/** @throws {XmlError} for what is no XML. */
export function readModel(bytes: Uint8Array): Model {
  const root = readXml(bytes, { maxBytes: maxPomBytes });
  const managed = saidIn(childOf(childOf(root, 'dependencyManagement'), 'dependencies'));
  const moved = childOf(childOf(root, 'distributionManagement'), 'relocation');
  return {
    ...{ group: childText(root, 'groupId'), version: childText(root, 'version') },
    parent: parentOf(childOf(root, 'parent')),
    packaging: childText(root, 'packaging') ?? 'jar',
    properties: Object.fromEntries(
      (childOf(root, 'properties')?.children ?? []).map(({ name, text }) => [name, text.trim()]),
    ),
    dependencies: saidIn(childOf(root, 'dependencies')),
    managed: Map.groupBy(
      managed.filter((each) => !isImport(each)),
      ({ artifact }) => (artifact.includes(marker) ? marker : artifact),
    ),
    imports: managed.filter(isImport),
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

const isImport = ({ type, scope }: Said) => type === 'pom' && scope === 'import';

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

function keyOf({
  group,
  artifact,
  type,
  classifier,
}: Pick<Needed, 'group' | 'artifact' | 'type' | 'classifier'>): string {
  return `${group}:${artifact}:${type}:${classifier}`;
}

/** What it says, filled in. @param chain the POM, its parent, the parent of that, and so on. */
export function inherit(of: Versioned, chain: readonly Model[]): Inherited {
  const own = ownOf(of, chain);
  const property = (name: string) =>
    own.get(name) ?? chain.find(({ properties }) => Object.hasOwn(properties, name))?.properties[name];
  const fill = (said: Said): Needed => {
    const filled = (text: string) => fillIn(text, property);
    return {
      group: filled(said.group),
      artifact: filled(said.artifact),
      version: filled(said.version ?? ''),
      ...{ type: filled(said.type), classifier: filled(said.classifier), scope: filled(said.scope ?? '') },
      ...{ isOptional: filled(said.optional ?? '') === 'true', exclusions: said.exclusions.map(filled) },
    };
  };
  return {
    packaging: chain[0]?.packaging ?? 'jar',
    dependencies: firstOfEach(chain.flatMap(({ dependencies }) => dependencies.map(fill))),
    imports: chain.flatMap(({ imports }) => imports.map(fill)),
    managed(needed) {
      const key = keyOf(needed);
      for (const { managed } of chain)
        for (const said of [...(managed.get(needed.artifact) ?? []), ...(managed.get(marker) ?? [])]) {
          const filled = fill(said);
          if (keyOf(filled) === key) return filled;
        }
      return null;
    },
  };
}

function ownOf(of: Versioned, [own]: readonly Model[]): ReadonlyMap<string, string> {
  const up = own?.parent ?? of;
  return new Map(
    ['project.', 'pom.', ''].flatMap((prefix) => [
      [`${prefix}groupId`, of.group] as const,
      [`${prefix}artifactId`, of.artifact] as const,
      [`${prefix}version`, of.version] as const,
      [`${prefix}parent.groupId`, up.group] as const,
      [`${prefix}parent.version`, up.version] as const,
    ]),
  );
}

function firstOfEach(all: readonly Needed[]): readonly Needed[] {
  const found = new Map<string, Needed>();
  for (const each of all) if (!found.has(keyOf(each))) found.set(keyOf(each), each);
  return [...found.values()];
}

/** Of properties within properties. */
const deepest = 8;
const longest = 1_000;

function fillIn(text: string, property: (name: string) => string | undefined): string {
  let filled = text;
  for (let depth = 0; depth < deepest && filled.includes('${'); depth += 1) {
    filled = filled.replace(/\$\{([\w.-]{1,100})\}/g, (all, name: string) => {
      const value = property(name);
      return value === undefined || value.length > longest ? all : value;
    });
    if (filled.length > longest) return text;
  }
  return filled.trim();
}

/** With the version, scope and exclusions that are managed, where it says none. */
export function manage(needed: Needed, said: Needed | null): Needed {
  return {
    ...needed,
    version: needed.version || said?.version || '',
    scope: needed.scope || said?.scope || 'compile',
    exclusions: [...needed.exclusions, ...(said?.exclusions ?? [])],
  };
}
