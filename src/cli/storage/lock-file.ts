/** Which versions a lock file names: of npm, pnpm, Yarn classic and Yarn berry. */
import { basename } from 'node:path';
import { z } from 'zod';
import type { Wanted } from '../../protocol.ts';
import { UsageError } from '../exit.ts';

export interface Locked {
  readonly packages: readonly Wanted[];
  /** What comes from no registry: from git, a folder, an address. */
  readonly others: readonly string[];
}

/** @param path says by its last part which kind it is. */
export function readLockFile(path: string, text: string): Locked {
  const found = entriesOf(basename(path), text);
  const byName = new Map(found.packages.map((each) => [`${each.name}@${each.version}`, each]));
  return { packages: [...byName.values()], others: found.others };
}

function entriesOf(name: string, text: string): Locked {
  switch (name) {
    case 'package-lock.json':
    case 'npm-shrinkwrap.json':
      return ofNpm(JSON.parse(text));
    case 'pnpm-lock.yaml':
      return ofPnpm(Bun.YAML.parse(text));
    case 'yarn.lock':
      return text.includes('__metadata:') ? ofBerry(Bun.YAML.parse(text)) : ofYarn(text);
    default:
      throw new UsageError(
        `--lock takes a package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml or yarn.lock, not ${name}`,
      );
  }
}

const word = z.string().optional();

const npmLock = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({
      ...{ name: word, version: word, resolved: word, integrity: word },
      ...{ link: z.boolean().optional(), inBundle: z.boolean().optional() },
    }),
    'this is no lock file of npm 7 or later',
  ),
});

function ofNpm(lock: unknown): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  for (const [place, each] of Object.entries(npmLock.parse(lock).packages)) {
    // Members of the workspace, links to them, and what lies in other tarballs.
    if (!place.includes('node_modules/') || each.link || each.inBundle) continue;
    const name = each.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    if (each.version === undefined || !isOfRegistry(each.resolved)) others.push(name);
    else packages.push({ name, version: each.version, integrity: each.integrity ?? null });
  }
  return { packages, others };
}

/** Registries have tarballs at `/<name>/-/<file>`; without an address, it is the registry's own. */
function isOfRegistry(resolved: string | undefined): boolean {
  return resolved === undefined || /^https?:\/\/.*\/-\/[^/]+\.tgz/.test(resolved);
}

const pnpmLock = z.looseObject({
  packages: z
    .record(z.string(), z.looseObject({ resolution: z.looseObject({ integrity: word }) }))
    .default({}),
});

/** Keys are `name@1.0.0`; before version 9, `/name@1.0.0(peers)`. */
function ofPnpm(lock: unknown): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  for (const [key, { resolution }] of Object.entries(pnpmLock.parse(lock).packages)) {
    const [, name, version] = /^\/?(@?[^@]+)@(\d[^(]*)/.exec(key) ?? [];
    if (name === undefined || version === undefined || resolution.integrity === undefined) others.push(key);
    else packages.push({ name, version, integrity: resolution.integrity });
  }
  return { packages, others };
}

const berryLock = z.record(z.string(), z.looseObject({ resolution: word }));

/** Its checksums are of an archive that Yarn makes itself, so nothing is known of the tarball. */
function ofBerry(lock: unknown): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  for (const [key, { resolution = '' }] of Object.entries(berryLock.parse(lock))) {
    if (key === '__metadata' || resolution.includes('@workspace:') || resolution.includes('@patch:'))
      continue;
    const [, name, version] = /^(@?[^@]+)@npm:(\d.*)$/.exec(resolution) ?? [];
    if (name === undefined || version === undefined) others.push(resolution);
    else packages.push({ name, version, integrity: null });
  }
  return { packages, others };
}

/** Blocks, each after its first line indented: `version "…"`, `resolved "…"`, `integrity …`. */
function ofYarn(text: string): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  for (const block of text.split(/\n(?=\S)/)) {
    const head = /^"?((?:@[^@/"]+\/)?[^@"\s#][^@"]*)@([^",]*).*:\s*$/m.exec(block);
    const version = /^ {2}version "([^"]+)"/m.exec(block)?.[1];
    if (head === null || version === undefined) continue;
    const [, alias = '', range = ''] = head;
    const resolved = /^ {2}resolved "([^"]+)"/m.exec(block)?.[1];
    const integrity = /^ {2}integrity (\S+)/m.exec(block)?.[1] ?? null;
    const name = /^npm:(@?[^@]+)/.exec(range)?.[1] ?? alias;
    if (isOfRegistry(resolved)) packages.push({ name, version, integrity });
    else others.push(alias);
  }
  return { packages, others };
}
