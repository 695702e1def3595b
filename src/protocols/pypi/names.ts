/**
 * Names: of projects (PEP 503: one for all spellings), and of the files that belong to them, which say of what version they are
 * (binary-distribution-format, source-distribution-format).
 */
import { versions } from './version.ts';

const projectName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const longestName = 200;
/** What stands in a path as it is, in every client. */
const fileName = /^[A-Za-z0-9][A-Za-z0-9._+!~-]*$/;
const longestFile = 255;

export function isProjectName(name: string): boolean {
  return name.length <= longestName && projectName.test(name);
}

/** `Foo.Bar__baz` → `foo-bar-baz`. */
export function normalise(name: string): string {
  return name.replaceAll(/[-_.]+/g, '-').toLowerCase();
}

export interface FileName {
  readonly kind: 'wheel' | 'sdist';
  /** As the file name spells it. */
  readonly version: string;
}

/**
 * What a file of this project is. `null`: no file of it that a client of today would install (an egg, an installer for Windows, a
 * version that is none by PEP 440, a file of another project).
 *
 * @param project normalised.
 */
export function readFileName(project: string, file: string): FileName | null {
  if (file.length > longestFile || !fileName.test(file) || file.includes('..')) return null;
  return file.endsWith('.whl') ? readWheel(project, file) : readSdist(project, file);
}

/** `{name}-{version}[-{build}]-{python}-{abi}-{platform}.whl`. */
function readWheel(project: string, file: string): FileName | null {
  const parts = file.slice(0, -'.whl'.length).split('-');
  const [name = '', escaped = ''] = parts;
  const hasBuild = parts.length === 6;
  if (parts.length !== 5 && !hasBuild) return null;
  if (hasBuild && !/^\d/.test(parts[2] ?? '')) return null;
  const version = escaped.replaceAll('_', '-');
  if (normalise(name) !== project || !versions.isVersion(version)) return null;
  return { kind: 'wheel', version };
}

const archive = /\.(?:tar\.gz|tgz|zip|tar\.bz2|tbz|tar\.xz|txz|tar\.lzma|tar\.lz|tlz|tar)$/;

/** `{name}-{version}.tar.gz`, where both may hold hyphens in what was made long ago. */
function readSdist(project: string, file: string): FileName | null {
  const end = archive.exec(file)?.index;
  if (end === undefined) return null;
  const stem = file.slice(0, end);
  for (let at = stem.indexOf('-'); at > 0; at = stem.indexOf('-', at + 1)) {
    const version = stem.slice(at + 1);
    if (normalise(stem.slice(0, at)) === project && versions.isVersion(version))
      return { kind: 'sdist', version };
  }
  return null;
}

/** Of which project a file is by its name alone, normalised; `null`: that cannot be told. Of an old sdist it is a guess. */
export function projectOf(file: string): string | null {
  const dash = file.endsWith('.whl') ? file.indexOf('-') : lastDash(file);
  const name = file.slice(0, Math.max(dash, 0));
  return isProjectName(name) && readFileName(normalise(name), file) !== null ? normalise(name) : null;
}

/** Before a version, which begins with a digit. */
function lastDash(file: string): number {
  return file.search(/-v?\d[^-]*$/);
}
