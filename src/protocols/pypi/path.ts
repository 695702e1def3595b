/**
 * Which addresses mean what, below the route's prefix:
 *
 *     /simple/                            all projects
 *     /simple/<project>/                  the files of one
 *     /files/<project>/<file>             a wheel or an sdist
 *     /files/<project>/<file>.metadata    what it says of itself (PEP 658)
 *     POST   /legacy/                                  an upload, as twine and uv send it
 *     POST   /projects/<project>/<version>/yank        and unyank
 *     DELETE /projects/<project>[/<version>[/<file>]]
 *
 * Names of projects may be spelt in any way; they have one address each.
 */
import type { Item, Read, Write } from '../registry/ecosystem.ts';
import { isProjectName, normalise, readFileName } from './names.ts';
import { chooseRendering, type Rendering, renderingOf, renderings } from './negotiate.ts';
import { versions } from './version.ts';

export const sidecar = '.metadata';

/** The index as the origin keeps it for itself: nobody is given it. */
export const source = 'source';

/** @param project normalised; `null`: the list of all projects. */
export function indexItem(project: string | null, form: Rendering | typeof source): Item {
  const path = project === null ? 'simple/' : `simple/${project}/`;
  const kind = project === null ? 'list' : 'project';
  // pip asks for each index with `max-age=0`.
  const item = { kind, name: project, path, form, isText: true, agesByRoute: true };
  // The next tier chooses by what it is asked with.
  return form === source ? item : { ...item, ask: [['accept', renderings[form]]] };
}

export function fileItem(project: string, file: string, version: string): Item {
  return { kind: 'file', name: project, path: `files/${project}/${file}`, version, isFile: true };
}

export function metadataItem(project: string, file: string, version: string): Item {
  const path = `files/${project}/${file}${sidecar}`;
  return { kind: 'metadata', name: project, path, version, isFile: true, isBeside: true, isText: true };
}

/** The last segment of an item's path. */
export function fileIn({ path }: Pick<Item, 'path'>): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function read(path: string, query: string): Read {
  const segments = segmentsOf(path);
  if (segments === null) return outside;
  const [first = '', project = '', ...rest] = segments;
  if (first === 'simple') return readIndex(segments, query);
  if (first === 'files' && rest.length === 1) return readFile(project, rest[0] ?? '');
  return { as: 'absent', why: 'Python packages are at /simple/ of this route, and their files at /files/.' };
}

const outside = {
  as: 'malformed',
  why: 'No address of this route has such characters or segments.',
} as const;

/** Decoded, without the empty one before the first slash. `null`: they would lead elsewhere, or nowhere. */
function segmentsOf(path: string): readonly string[] | null {
  const segments: string[] = [];
  for (const written of path.slice(1).split('/')) {
    const segment = written.includes('%') ? decoded(written) : written;
    if (segment === null || !mayStand.test(segment) || segment === '.' || segment === '..') return null;
    segments.push(segment);
  }
  return segments;
}

const mayStand = /^[A-Za-z0-9._+!~-]*$/;

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

function readIndex(segments: readonly string[], query: string): Read {
  const [, project, ...rest] = segments;
  // Links in an index are relative to its address, so that has to end in a slash (PEP 503).
  if (project === undefined) return moved(`simple/${query}`);
  if (project === '' && rest.length === 0) return formsOf(null, query);
  if (!isProjectName(project)) return { as: 'malformed', why: `${project} is no name of a project.` };
  const name = normalise(project);
  if (rest.length === 0) return moved(`${name}/${query}`);
  if (rest.length === 1 && rest[0] === '') return formsOf(name, query);
  return { as: 'absent', why: 'The index of a project is at /simple/<project>/.' };
}

/** @param to relative to the address, so that it holds wherever a PoP is. */
function moved(to: string): Read {
  const body = `The address of an index ends in a slash: ${to}\n`;
  return { as: 'answer', kind: 'moved', status: 301, type: 'text/plain; charset=utf-8', body, location: to };
}

const forms = Object.keys(renderings) as readonly Rendering[];

function formsOf(project: string | null, query: string): Read {
  const items = forms.map((form) => indexItem(project, form));
  const byForm = (form: Rendering | null) => items.find((item) => item.form === form) ?? null;
  const format = new URLSearchParams(query).get('format');
  // Nobody is given the last one; but whoever purges this address means it as well.
  const all = [...items, indexItem(project, source)];
  const choose = (accept: string | null) => byForm(chooseRendering(accept));
  if (format === null) return { as: 'forms', forms: all, choose };
  const wanted = byForm(renderingOf(format));
  return { as: 'forms', forms: all, choose: () => wanted };
}

function readFile(spelt: string, name: string): Read {
  if (!isProjectName(spelt)) return { as: 'malformed', why: `${spelt} is no name of a project.` };
  const project = normalise(spelt);
  const isSidecar = name.endsWith(sidecar);
  const file = isSidecar ? name.slice(0, -sidecar.length) : name;
  const known = readFileName(project, file);
  if (known === null) return { as: 'absent', why: `${file} is no wheel and no sdist of ${project}.` };
  const item = (isSidecar ? metadataItem : fileItem)(project, file, known.version);
  return { as: 'item', item };
}

export function write(method: string, path: string): Write | null {
  const segments = segmentsOf(path);
  if (segments === null) return outside;
  const [first = '', ...rest] = segments;
  if (method === 'POST' && first === 'legacy' && rest.join('') === '')
    return { as: 'change', what: 'upload', action: 'publish', name: null, bringsBlob: true };
  if (first !== 'projects') return null;
  const wanted = subjectOf(method, rest);
  if (wanted === null) return { as: 'malformed', why: 'That names no version of a project.' };
  const { project } = wanted;
  if (method === 'DELETE')
    return { as: 'change', what: 'remove', action: 'delete', name: project, bringsBlob: false };
  const { verb } = wanted;
  if (method !== 'POST' || verb === null) return null;
  return { as: 'change', what: verb, action: 'publish', name: project, bringsBlob: false };
}

/** What of a project is meant. */
export interface Subject {
  /** Normalised. */
  readonly project: string;
  readonly version: string | null;
  readonly file: string | null;
  readonly verb: 'yank' | 'unyank' | null;
}

/** @param rest the segments after `projects`. */
function subjectOf(method: string, rest: readonly string[]): Subject | null {
  const [spelt = '', version = null, third = null, ...more] = rest;
  if (!isProjectName(spelt) || more.length > 0) return null;
  if (version !== null && !versions.isVersion(version)) return null;
  const project = normalise(spelt);
  if (method === 'DELETE') {
    if (third !== null && readFileName(project, third) === null) return null;
    return { project, version, file: third, verb: null };
  }
  const verb = third === 'yank' || third === 'unyank' ? third : null;
  return { project, version, file: null, verb };
}

/** What a change is about, of an address that `write` has passed. */
export function subjectIn(method: string, path: string): Subject {
  const subject = subjectOf(method, segmentsOf(path)?.slice(1) ?? []);
  if (subject === null) throw new TypeError(`${path} names nothing that could be changed`);
  return subject;
}
