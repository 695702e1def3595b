/** Projects for real clients to install, each in a folder of its own, as fresh from a checkout. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const large = join(import.meta.dir, 'fixtures', 'large');

/** More than 300 packages, with npm's lock file and its integrity hashes. */
export function largeProject(folder: string): string {
  cpSync(large, folder, { recursive: true });
  return folder;
}

/** Nothing but what it depends on: `project(folder, { express: '4.21.2' })`. No lock file. */
export function project(folder: string, dependencies: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true });
  const manifest = { name: 'project', version: '1.0.0', private: true, dependencies };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  return folder;
}

/** yarn takes the nearest folder with a lock file for the project. */
export function forYarn(folder: string): string {
  writeFileSync(join(folder, 'yarn.lock'), '');
  return folder;
}

/** Package (`node_modules/a/node_modules/b`) → version, of npm's lock file for the large project. */
export async function lockedPackages(): Promise<Map<string, string>> {
  const lock = (await Bun.file(join(large, 'package-lock.json')).json()) as {
    packages: Record<string, { version: string; integrity?: string }>;
  };
  return new Map(
    Object.entries(lock.packages).flatMap(([path, { version }]): [string, string][] =>
      path === '' ? [] : [[path, version]],
    ),
  );
}
