/** Requirements of gems, as `/info` has them: `>= 1.6&< 2`. */
import { versions } from './version.ts';

/** @param requirement one that cannot be read is met by nothing. */
export function meets(version: string, requirement: string): boolean {
  return requirement.split(/[&,]/).every((part) => {
    const [, operator = '=', wanted = ''] = /^\s*(=|!=|>=|<=|>|<|~>)?\s*(\S+)\s*$/.exec(part) ?? [];
    if (!versions.isVersion(wanted)) return false;
    const order = versions.compare(version, wanted);
    switch (operator) {
      case '=':
        return order === 0;
      case '!=':
        return order !== 0;
      case '>':
        return order > 0;
      case '<':
        return order < 0;
      case '>=':
        return order >= 0;
      case '<=':
        return order <= 0;
      default:
        return order >= 0 && versions.compare(version, boundOf(wanted)) < 0;
    }
  });
}

/** What `~>` stays below: `2` of `1.4`, `1.5` of `1.4.2`; of a pre-release of that, too. */
function boundOf(version: string): string {
  const numbers = (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? '0').split('.');
  const kept = numbers.length > 1 ? numbers.slice(0, -1) : numbers;
  return `${[...kept.slice(0, -1), String(Number(kept.at(-1)) + 1)].join('.')}.a`;
}
