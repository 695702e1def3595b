/** `Cargo.lock`, of every version of it. */
import { z } from 'zod';
import type { Wanted } from '../../../protocol.ts';
import type { Locked } from './locked.ts';

const word = z.string().optional();
const lock = z.looseObject({
  package: z
    .array(z.looseObject({ name: z.string(), version: z.string(), source: word, checksum: word }))
    .default([]),
  /** Of version 1: `checksum <name> <version> (<source>)`. */
  metadata: z.record(z.string(), z.string()).default({}),
});

export function cargoLocked(text: string): Locked {
  const { package: all, metadata } = lock.parse(Bun.TOML.parse(text));
  const packages: Wanted[] = [];
  const others: string[] = [];
  for (const { name, version, source, checksum } of all) {
    // Of the workspace.
    if (source === undefined) continue;
    const sum = checksum ?? metadata[`checksum ${name} ${version} (${source})`];
    const integrity = sum !== undefined && /^[0-9a-f]{64}$/.test(sum) ? `sha256:${sum}` : null;
    if (/^(?:registry|sparse)\+/.test(source)) packages.push({ name, version, integrity });
    else others.push(name);
  }
  return { packages, others };
}
