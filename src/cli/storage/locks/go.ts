/** `go.sum` and `go.work.sum`. */
import type { Locked } from './locked.ts';

/**
 * `<module> <version> h1:<hash of the archive>`, and `<module> <version>/go.mod h1:<hash>`: of what takes part in the choice of versions
 * alone, that is all that is wanted, and its version has `/go.mod` behind it here, too.
 */
export function goLocked(text: string): Locked {
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const [, name, version, integrity] = /^(\S+) (v\S+) (h1:\S+)$/.exec(line.trim()) ?? [];
    return name && version && integrity ? [{ name, version, integrity }] : [];
  });
  const whole = new Set(lines.map(({ name, version }) => `${name} ${version}`));
  const packages = lines.filter(({ name, version }) => {
    const isModAlone = version.endsWith('/go.mod');
    return !isModAlone || !whole.has(`${name} ${version.slice(0, -'/go.mod'.length)}`);
  });
  return { packages, others: [] };
}
