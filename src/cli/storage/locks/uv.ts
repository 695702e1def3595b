/** `uv.lock`. */
import { z } from 'zod';
import type { Wanted } from '../../../protocol.ts';
import { anyOf } from './hashes.ts';
import type { Locked } from './locked.ts';

const file = z.looseObject({ hash: z.string().optional() });
const lock = z.looseObject({
  package: z
    .array(
      z.looseObject({
        name: z.string(),
        /** A project of one's own may have none. */
        version: z.string().optional(),
        source: z.record(z.string(), z.unknown()),
        sdist: file.optional(),
        wheels: z.array(file).default([]),
      }),
    )
    .default([]),
});

export function uvLocked(text: string): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  for (const { name, version, source, sdist, wheels } of lock.parse(Bun.TOML.parse(text)).package) {
    // The project itself, and the members of its workspace.
    if ('virtual' in source || 'editable' in source) continue;
    if (!('registry' in source) || version === undefined) others.push(name);
    else packages.push({ name, version, integrity: anyOf([sdist, ...wheels].map((each) => each?.hash)) });
  }
  return { packages, others };
}
