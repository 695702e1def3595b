/** `pylock.toml` (PEP 751), as pip, uv and PDM write it. */
import { z } from 'zod';
import type { Wanted } from '../../../protocol.ts';
import { anyOf } from './hashes.ts';
import type { Locked } from './locked.ts';

const file = z.looseObject({ hashes: z.record(z.string(), z.string()).default({}) });
const elsewhere = z.unknown().optional();
const lock = z.looseObject({
  packages: z.array(
    z.looseObject({
      ...{ name: z.string(), version: z.string().optional() },
      ...{ vcs: elsewhere, directory: elsewhere, archive: elsewhere },
      sdist: file.optional(),
      wheels: z.array(file).default([]),
    }),
  ),
});

export function pylockLocked(text: string): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  for (const each of lock.parse(Bun.TOML.parse(text)).packages) {
    const { name, version, vcs, directory, archive, sdist, wheels } = each;
    const files = [...(sdist ? [sdist] : []), ...wheels];
    const hashes = files.map(({ hashes: { sha256 } }) => sha256 && `sha256:${sha256}`);
    if (version === undefined || (vcs ?? directory ?? archive) !== undefined) others.push(name);
    else packages.push({ name, version, integrity: anyOf(hashes) });
  }
  return { packages, others };
}
