/** What `mvn dependency:list` prints or writes: Maven has no lock file of its own. */
import type { Wanted } from '../../../protocol.ts';
import type { Locked } from './locked.ts';

/** `group:artifact:type[:classifier]:version:scope`, and what follows a blank; `[INFO]` before it where it was printed. */
export function mavenLocked(text: string): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, coordinates] = /^(?:\[INFO\])?\s+((?:[\w.-]+:){4,5}[a-z]+)(?=$|\s)/.exec(line) ?? [];
    const [group, artifact, ...rest] = coordinates?.split(':') ?? [];
    const [version, scope] = rest.slice(-2);
    if (group === undefined || artifact === undefined || version === undefined) continue;
    if (scope === 'system') others.push(`${group}:${artifact}`);
    else packages.push({ name: `${group}:${artifact}`, version, integrity: null });
  }
  return { packages, others };
}
