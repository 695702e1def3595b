/** `yarn.lock`, of Yarn 1 (classic) and of later ones (berry). */
import { z } from 'zod';
import type { Wanted } from '../../../protocol.ts';
import type { Locked } from './locked.ts';
import { isOfRegistry } from './npm.ts';

const word = z.string().optional();

export function yarnLocked(text: string): Locked {
  return text.includes('__metadata:') ? ofBerry(Bun.YAML.parse(text)) : ofClassic(text);
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
function ofClassic(text: string): Locked {
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
