/** `pnpm-lock.yaml`. */
import { z } from 'zod';
import type { Wanted } from '../../../protocol.ts';
import type { Locked } from './locked.ts';

const word = z.string().optional();

const pnpmLock = z.looseObject({
  packages: z
    .record(z.string(), z.looseObject({ resolution: z.looseObject({ integrity: word }) }))
    .default({}),
});

/** Keys are `name@1.0.0`; before version 9, `/name@1.0.0(peers)`. */
export function pnpmLocked(text: string): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  for (const [key, { resolution }] of Object.entries(pnpmLock.parse(Bun.YAML.parse(text)).packages)) {
    const [, name, version] = /^\/?(@?[^@]+)@(\d[^(]*)/.exec(key) ?? [];
    if (name === undefined || version === undefined || resolution.integrity === undefined) others.push(key);
    else packages.push({ name, version, integrity: resolution.integrity });
  }
  return { packages, others };
}
