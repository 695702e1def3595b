/** `Pipfile.lock`. */
import { z } from 'zod';
import type { Wanted } from '../../../protocol.ts';
import { anyOf } from './hashes.ts';
import type { Locked } from './locked.ts';

const lock = z.record(
  z.string(),
  z.record(
    z.string(),
    z.looseObject({ version: z.string().optional(), hashes: z.array(z.string()).default([]) }),
  ),
);

/** Groups by name (`default`, `develop`, …), beside `_meta`. */
export function pipenvLocked(text: string): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  const { _meta, ...groups } = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  for (const [name, { version, hashes }] of Object.values(lock.parse(groups)).flatMap(
    Object.entries<Entry>,
  )) {
    const [, pinned] = /^===?(\S+)$/.exec(version ?? '') ?? [];
    if (pinned === undefined) others.push(name);
    else packages.push({ name, version: pinned, integrity: anyOf(hashes) });
  }
  return { packages, others };
}

type Entry = z.output<typeof lock>[string][string];
