/** `gradle.lockfile`. */
import type { Locked } from './locked.ts';

/** `group:artifact:version=configuration,…`; it has no hashes. */
export function gradleLocked(text: string): Locked {
  const packages = text.split(/\r?\n/).flatMap((line) => {
    const [, group, artifact, version] = /^([^:#\s]+):([^:\s]+):([^=\s]+)=/.exec(line) ?? [];
    return group && artifact && version ? [{ name: `${group}:${artifact}`, version, integrity: null }] : [];
  });
  return { packages, others: [] };
}
