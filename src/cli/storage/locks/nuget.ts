/** `packages.lock.json` of NuGet. */
import { z } from 'zod';
import type { Wanted } from '../../../protocol.ts';
import type { Locked } from './locked.ts';

const lock = z.looseObject({
  dependencies: z.record(
    z.string(),
    z.record(z.string(), z.looseObject({ type: z.string(), resolved: z.string().optional() })),
  ),
});

/** By target framework. Its `contentHash` leaves out the signature that the file has, so it says nothing of the file. */
export function nugetLocked(text: string): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  const { dependencies } = lock.parse(JSON.parse(text));
  for (const framework of Object.values(dependencies)) {
    for (const [name, { type, resolved }] of Object.entries(framework)) {
      if (type === 'Project') continue;
      if (resolved === undefined) others.push(name);
      else packages.push({ name, version: resolved, integrity: null });
    }
  }
  return { packages, others };
}
