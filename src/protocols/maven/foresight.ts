/**
 * What Maven and Gradle ask for next. A POM leads to the POMs of its parents, of what it imports, and of all that it needs to run, each with what that
 * needs; once all are read, to the artifacts, of each only the version that is nearest. Maven before 3.9 asks for the
 * checksum of each.
 */
import type { EcosystemForesight, Expanded, ForeseenItem, Tree, Want } from '../registry/ecosystem.ts';
import { rounded } from '../registry/likelihood.ts';
import { madeOf } from '../registry/made-of.ts';
import { itemOf } from './items.ts';
import { type Inherited, inherit, type Model, manage, type Needed, readModel } from './model.ts';
import { coordinatesOf, type FilePlace, fileOf, isSnapshot, nameOf, versionPattern } from './place.ts';
import type { Versioned } from './pom.ts';

/** Of POMs of which it is remembered what they say. */
const mostBytes = 32 * 2 ** 20;
const mostParents = 16;
/** Of imports within imports. */
const mostImports = 6;
/** What is needed further away is needed nearer, as a rule. */
const deepest = 12;

/** That a POM which is read leads to the artifact: others of its kind may be nearer, or are left out by whoever needs it. */
const likely = { pom: 0.95, artifact: 0.85 } as const;
/** Of what a plugin needs of Maven itself, which has it. */
const likelyOfMaven = 0.1;

/** With what it imports. */
type Effective = Omit<Inherited, 'imports'>;

interface Found {
  readonly place: FilePlace;
  readonly depth: number;
}

/** What is known of one tree. */
interface Known {
  readonly effective: Map<string, Promise<Effective | null>>;
  /** The artifacts, by what there is one of. */
  readonly artifacts: Map<string, Found>;
  /** How near what was gone through is. */
  readonly depths: Map<string, number>;
  readonly isPlugin: boolean;
}

type ModelReader = (path: string, bytes: Uint8Array) => Model;

export function mavenForesight(): EcosystemForesight {
  const modelOf = madeOf(readModel, mostBytes);
  const trees = new WeakMap<Tree, Known>();

  return {
    begins(item, headers) {
      if (item.kind !== 'pom' || item.name === null) return null;
      const { version } = item;
      const client = clientOf(headers.get('user-agent'));
      return client === null || version === undefined || isSnapshot(version)
        ? null
        : { wants: [{ name: item.name, range: version }], about: { client } };
    },

    async expand(want, tree) {
      const of = versionedOf(want);
      if (of === null) return nothing;
      const poms: Versioned[] = [];
      const known = trees.get(tree);
      const at = { tree, modelOf, poms, effective: known?.effective ?? new Map() };
      const effective = await effectiveOf(of, at);
      const items = (): ForeseenItem[] => poms.flatMap((pom) => filesAt(pomAt(pom), likely.pom, tree));
      if (effective === null) return { items: items(), wants: [] };
      const { packaging } = effective;
      const now = known ?? {
        ...{ effective: at.effective, artifacts: new Map(), depths: new Map() },
        isPlugin: packaging === 'maven-plugin',
      };
      trees.set(tree, now);
      // As a parent, or to be imported: what it needs is needed by whoever inherits that.
      if (known === undefined && packaging === 'pom') return { items: items(), wants: [] };
      if (known === undefined)
        now.artifacts.set(nameOf(of), { place: fileOf(of, of.version, 'jar'), depth: 0 });
      const first = known === undefined && now.isPlugin ? await artifactsOf(now, tree) : [];
      return { items: [...items(), ...first], wants: wantsOf(want, of, effective, now) };
    },

    ends(tree) {
      const known = trees.get(tree);
      return known === undefined ? [] : artifactsOf(known, tree);
    },
  };
}

const nothing: Expanded = { items: [], wants: [] };

/** `null`: one that may want anything. Later ones go by the checksum in the head of an answer. */
function clientOf(userAgent: string | null): 'maven-3.8' | 'maven' | 'gradle' | null {
  if (userAgent === null) return null;
  if (/^Apache-Maven\/(?:[12]|3\.[0-8])\b/.test(userAgent)) return 'maven-3.8';
  if (userAgent.startsWith('Apache-Maven/')) return 'maven';
  return userAgent.startsWith('Gradle/') ? 'gradle' : null;
}

function versionedOf({ name, range }: Want): Versioned | null {
  const of = coordinatesOf(name);
  return of === null || !versionPattern.test(range) || isSnapshot(range) ? null : { ...of, version: range };
}

const pomAt = (of: Versioned) => fileOf(of, of.version, 'pom');

function filesAt(place: FilePlace, likelihood: number, { about }: Tree): ForeseenItem[] {
  const file = { item: itemOf(place), likelihood };
  return about.client === 'maven-3.8'
    ? [file, { item: itemOf({ of: 'checksum', by: 'sha1', what: place }), likelihood }]
    : [file];
}

interface Reading {
  readonly tree: Tree;
  readonly modelOf: ModelReader;
  readonly effective: Map<string, Promise<Effective | null>>;
  /** What was read that had not been read yet: so does the client. */
  readonly poms: Versioned[];
}

/** With its parents and what it imports. `null`: it cannot be read, or it imports itself. @param way by which it was come to. */
function effectiveOf(of: Versioned, at: Reading, way: readonly string[] = []): Promise<Effective | null> {
  const id = `${nameOf(of)}:${of.version}`;
  if (way.includes(id) || way.length > mostImports) return Promise.resolve(null);
  const known = at.effective.get(id);
  if (known !== undefined) return known;
  const found = findEffective(of, at, [...way, id]);
  at.effective.set(id, found);
  return found;
}

async function findEffective(of: Versioned, at: Reading, way: readonly string[]): Promise<Effective | null> {
  const chain: Model[] = [];
  for (let next: Versioned | null = of; next !== null && chain.length < mostParents; ) {
    const model: Model | null = await readPom(next, at);
    if (model === null) break;
    chain.push(model);
    next = model.parent;
  }
  const [own] = chain;
  if (own === undefined) return null;
  if (own.relocation !== null) return effectiveOf({ ...of, ...own.relocation }, at, way);
  const inherited = inherit(of, chain);
  const imported: Effective[] = [];
  for (const each of inherited.imports) {
    const found = isFetchable(each) ? await effectiveOf(each, at, way) : null;
    if (found !== null) imported.push(found);
  }
  const managed = (needed: Needed): Needed | null => {
    const said = inherited.managed(needed);
    if (said !== null) return said;
    for (const each of imported) {
      const theirs = each.managed(needed);
      if (theirs !== null) return theirs;
    }
    return null;
  };
  const { packaging, dependencies } = inherited;
  return { packaging, managed, dependencies: dependencies.map((each) => manage(each, managed(each))) };
}

async function readPom(of: Versioned, { tree, modelOf, poms }: Reading): Promise<Model | null> {
  if (!isFetchable(of)) return null;
  poms.push(of);
  const item = itemOf(pomAt(of));
  const bytes = await tree.read(item);
  return bytes === null ? null : modelOf(item.path, bytes);
}

function isFetchable(of: Versioned): boolean {
  return coordinatesOf(nameOf(of)) !== null && versionPattern.test(of.version) && !isSnapshot(of.version);
}

/** What a want is for: how far away it is, and what is left out below it. */
function detailOf({ detail = '0' }: Want): { readonly depth: number; readonly without: readonly string[] } {
  const [depth = '0', ...without] = detail.split(';');
  return { depth: Number(depth), without };
}

function wantsOf(want: Want, of: Versioned, { dependencies }: Effective, known: Known): readonly Want[] {
  const { depth, without } = detailOf(want);
  const id = `${nameOf(of)}:${of.version} ${without.join(';')}`;
  if (depth >= deepest || (known.depths.get(id) ?? deepest) <= depth) return [];
  known.depths.set(id, depth);
  return dependencies
    .filter((each) => isNeeded(each, without))
    .map((each): Want => {
      addArtifact(each, depth + 1, known);
      const exclusions = [...new Set([...without, ...each.exclusions])]
        .filter((one) => !/[\s;]/.test(one))
        .sort();
      return { name: nameOf(each), range: each.version, detail: [depth + 1, ...exclusions].join(';') };
    });
}

function isNeeded(needed: Needed, without: readonly string[]): boolean {
  const { group, artifact, scope, isOptional } = needed;
  const excluded = [`${group}:${artifact}`, `${group}:*`, `*:${artifact}`, '*:*'];
  return (
    !isOptional &&
    (scope === 'compile' || scope === 'runtime') &&
    isFetchable(needed) &&
    !without.some((each) => excluded.includes(each))
  );
}

/** The nearest counts, and of several the first. */
function addArtifact(needed: Needed, depth: number, { artifacts }: Known): void {
  const { type, version } = needed;
  if (type === 'pom') return;
  const classifier = type === 'test-jar' ? 'tests' : needed.classifier;
  const key = `${nameOf(needed)}${classifier === '' ? '' : `:${classifier}`}`;
  if ((artifacts.get(key)?.depth ?? Number.POSITIVE_INFINITY) <= depth) return;
  const extension = /^(?:war|ear|rar|aar|zip|klib|so|dll|exe)$/.test(type) ? type : 'jar';
  artifacts.set(key, { place: fileOf(needed, version, extension, classifier), depth });
}

async function artifactsOf({ artifacts, isPlugin }: Known, tree: Tree): Promise<ForeseenItem[]> {
  const files: ForeseenItem[] = [];
  for (const { place, depth } of [...artifacts.values()]) {
    if (!(await tree.rest())) break;
    const isOfMaven = isPlugin && depth > 0 && place.group === 'org.apache.maven';
    files.push(...filesAt(place, rounded(isOfMaven ? likelyOfMaven : likely.artifact), tree));
  }
  return files;
}
