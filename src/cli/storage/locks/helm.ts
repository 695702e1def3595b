/** `Chart.lock`, and `requirements.lock` of Helm 2. */
import { z } from 'zod';
import type { Wanted } from '../../../protocol.ts';
import type { Locked } from './locked.ts';

const lock = z.looseObject({
  dependencies: z
    .array(z.looseObject({ name: z.string(), version: z.string(), repository: z.string().default('') }))
    .nullish(),
});

/** Its digest is of itself; charts in registries of images (`oci:`) belong to those. */
export function helmLocked(text: string): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  for (const { name, version, repository } of lock.parse(Bun.YAML.parse(text)).dependencies ?? []) {
    // An alias stands for a repository that `helm repo add` has named.
    if (/^(?:https?:|@|alias:)/.test(repository)) packages.push({ name, version, integrity: null });
    else others.push(name);
  }
  return { packages, others };
}
