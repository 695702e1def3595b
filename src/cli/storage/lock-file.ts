/** Which versions a lock file names, and of which ecosystem they are. */
import { basename } from 'node:path';
import type { RouteConfig } from '../../config/network.ts';
import { UsageError } from '../exit.ts';
import { bundlerLocked } from './locks/bundler.ts';
import { cargoLocked } from './locks/cargo.ts';
import { goLocked } from './locks/go.ts';
import { gradleLocked } from './locks/gradle.ts';
import { helmLocked } from './locks/helm.ts';
import type { Locked, Reader } from './locks/locked.ts';
import { mavenLocked } from './locks/maven.ts';
import { npmLocked } from './locks/npm.ts';
import { nugetLocked } from './locks/nuget.ts';
import { pipenvLocked } from './locks/pipenv.ts';
import { pnpmLocked } from './locks/pnpm.ts';
import { pylockLocked } from './locks/pylock.ts';
import { pythonLocked } from './locks/python.ts';
import { requirementsLocked } from './locks/requirements.ts';
import { uvLocked } from './locks/uv.ts';
import { yarnLocked } from './locks/yarn.ts';

export type Protocol = RouteConfig['protocol'];

interface Format {
  /** For people. */
  readonly named: string;
  readonly file: RegExp;
  readonly protocol: Protocol;
  readonly read: Reader;
}

/** The first whose pattern the name of the file has. */
const formats: readonly Format[] = [
  npmFormat('package-lock.json', npmLocked),
  npmFormat('npm-shrinkwrap.json', npmLocked),
  npmFormat('pnpm-lock.yaml', pnpmLocked),
  npmFormat('yarn.lock', yarnLocked),
  { named: 'poetry.lock', file: /^poetry\.lock$/, protocol: 'pypi', read: pythonLocked },
  { named: 'pdm.lock', file: /^pdm(\.\w+)?\.lock$/, protocol: 'pypi', read: pythonLocked },
  { named: 'uv.lock', file: /^uv\.lock$/, protocol: 'pypi', read: uvLocked },
  { named: 'pylock.toml', file: /^pylock(\.[^.]+)?\.toml$/, protocol: 'pypi', read: pylockLocked },
  { named: 'Pipfile.lock', file: /^Pipfile\.lock$/, protocol: 'pypi', read: pipenvLocked },
  { named: 'go.sum', file: /^go(\.work)?\.sum$/, protocol: 'go', read: goLocked },
  { named: 'Cargo.lock', file: /^Cargo\.lock$/, protocol: 'cargo', read: cargoLocked },
  {
    named: 'Gemfile.lock',
    file: /^(?:Gemfile|gems)\.(?:lock|locked)$/,
    protocol: 'rubygems',
    read: bundlerLocked,
  },
  {
    named: 'packages.lock.json',
    file: /^packages(\.[^/]+)?\.lock\.json$/,
    protocol: 'nuget',
    read: nugetLocked,
  },
  {
    named: 'gradle.lockfile',
    file: /^(?:buildscript-)?gradle\.lockfile$/,
    protocol: 'maven',
    read: gradleLocked,
  },
  { named: 'Chart.lock', file: /^(?:Chart|requirements)\.lock$/, protocol: 'helm', read: helmLocked },
  {
    named: 'what `mvn dependency:list -DoutputFile=maven.txt` writes',
    file: /^(?:maven|dependencies)[^/]*\.txt$/,
    ...{ protocol: 'maven', read: mavenLocked },
  },
  { named: 'requirements.txt', file: /\.txt$/, protocol: 'pypi', read: requirementsLocked },
];

/** A `.txt` file of any other name may hold anything. */
const clearlyRequirements = /^(?:requirements|constraints)/;

/** All that can be read, for people. */
export const lockFormats = formats.map(({ named }) => named).join(', ');

/** Whether a file of this name is one that is known here. */
export function isLockFile(path: string): boolean {
  return formats.some(({ file }) => file.test(basename(path)));
}

/** The same for one that may also be a list of some other kind: of such a name it has to pin a version, as pip writes it, or to begin a line with an option. */
export function readsAsLockFile(path: string, text: string): boolean {
  const name = basename(path);
  const found = formats.find(({ file }) => file.test(name));
  if (found?.read !== requirementsLocked || clearlyRequirements.test(name)) return found !== undefined;
  return /^\s*(?:-{1,2}[a-z]|[\w.-]+\s*(?:\[[^\]]*\])?\s*===?)/m.test(text);
}

/** @param path says by its last part which kind it is. */
export function readLockFile(path: string, text: string): Locked & { readonly protocol: Protocol } {
  const name = basename(path);
  const format = formats.find(({ file }) => file.test(name));
  if (format === undefined)
    throw new UsageError(`${name} is no lock file that is known here: ${lockFormats}`);
  const { packages, ...rest } = format.read(text);
  const byName = new Map(packages.map((each) => [`${each.name}@${each.version}`, each]));
  return { ...rest, protocol: format.protocol, packages: [...byName.values()] };
}

function npmFormat(named: string, read: Reader): Format {
  return { named, file: new RegExp(`^${RegExp.escape(named)}$`), protocol: 'npm', read };
}
