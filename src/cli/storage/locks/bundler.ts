/** `Gemfile.lock`. */
import type { Wanted } from '../../../protocol.ts';
import type { Locked } from './locked.ts';

/**
 * Sections by where gems are from, whose `specs:` have a line for each at four blanks, `name (1.0.0)` or `name (1.0.0-x86_64-linux)`; and, of
 * Bundler 2.5 and later, `CHECKSUMS`.
 */
export function bundlerLocked(text: string): Locked {
  const packages: Wanted[] = [];
  const others: string[] = [];
  const sums = new Map<string, string>();
  for (const section of text.split(/\r?\n(?=\S)/)) {
    const [heading = '', ...lines] = section.split(/\r?\n/);
    for (const line of lines) {
      const [, indent, name, version, rest = ''] = /^( {2}| {4})(\S+) \(([^()\s]+)\)(.*)$/.exec(line) ?? [];
      if (name === undefined || version === undefined) continue;
      const [, sum] = /\bsha256=([0-9a-f]{64})\b/.exec(rest) ?? [];
      if (heading === 'CHECKSUMS' && sum !== undefined) sums.set(`${name} ${version}`, `sha256:${sum}`);
      else if (indent?.length === 4 && heading === 'GEM') packages.push({ name, version, integrity: null });
      else if (indent?.length === 4 && /^(?:GIT|PATH|PLUGIN SOURCE)$/.test(heading)) others.push(name);
    }
  }
  const summed = (each: Wanted) => ({ ...each, integrity: sums.get(`${each.name} ${each.version}`) ?? null });
  return { packages: packages.map(summed), others };
}
