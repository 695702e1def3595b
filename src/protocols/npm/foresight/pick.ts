/** Which version an installer takes, out of what there is to choose from. */
import { isPackageName } from '../path.ts';
import type { Choice, Choices, Needs } from './choices.ts';
import type { Client } from './client.ts';

/** A dependency as a manifest has it, in a registry's terms. */
export interface Wish {
  readonly name: string;
  readonly range: string;
}

/** `npm:` names another package. `null`: it comes from somewhere else than a registry (git, a file, an address). */
export function wishOf(name: string, spec: string): Wish | null {
  const range = spec.trim();
  if (range.startsWith('npm:')) {
    const at = range.lastIndexOf('@');
    const isVersioned = at > 'npm:@'.length - 1;
    const other = isVersioned ? range.slice('npm:'.length, at) : range.slice('npm:'.length);
    return isPackageName(other) ? { name: other, range: isVersioned ? range.slice(at + 1) : '*' } : null;
  }
  return /[:/]/.test(range) || !isPackageName(name) ? null : { name, range: range === '' ? '*' : range };
}

/** Of one package, by number in its versions. */
export class Picker {
  readonly choices: Choices;
  readonly #picked = new Map<string, number | null>();
  #numbers: ReadonlyMap<string, number> | null = null;

  constructor(choices: Choices) {
    this.choices = choices;
  }

  /** Of an exact version; `null`: there is none, or it is not worth knowing. */
  numberOf(version: string): number | null {
    this.#numbers ??= new Map(this.choices.versions.map(([each], at) => [each, at]));
    return this.#numbers.get(version) ?? null;
  }

  needsOf(at: number): Needs {
    return this.choices.needs[this.choices.versions[at]?.[1] ?? -1] ?? {};
  }

  /** `null`: none is in the range. @param range a tag, too. */
  pick(range: string, client: Pick<Client, 'tool' | 'node'>): number | null {
    const id = `${client.tool} ${client.node} ${range}`;
    const known = this.#picked.get(id);
    if (known !== undefined) return known;
    const picked = this.#choose(range, client);
    if (this.#picked.size >= mostPicked) this.#picked.clear();
    this.#picked.set(id, picked);
    return picked;
  }

  #choose(range: string, { tool, node }: Pick<Client, 'tool' | 'node'>): number | null {
    const { tags, versions } = this.choices;
    if (Object.hasOwn(tags, range)) return this.numberOf(tags[range]!);
    const exact = this.numberOf(range.replace(/^[v=\s]+/, ''));
    if (exact !== null) return exact;
    // Others take what is in the range, and fail, or warn, if it does not run here; yarn takes what is deprecated, too.
    const runs = (at: number) => tool !== 'npm' || runsOn(this.needsOf(at).node, node);
    const isCurrent = (choice: Choice) => tool === 'yarn' || choice[3] === 0;
    const latest = tool === 'berry' ? null : this.numberOf(tags['latest'] ?? '');
    if (latest !== null && isCurrent(versions[latest]!) && runs(latest)) {
      if (range === '*' || satisfies(versions[latest]![0], range)) return latest;
    }
    return best(versions, range, runs, isCurrent);
  }
}

/** Ranges of a package that are remembered; what depends on it has hardly ever more. */
const mostPicked = 256;

/** The highest that is good in all respects; else that runs; else that is not deprecated; else that there is. */
function best(
  versions: readonly Choice[],
  range: string,
  runs: (at: number) => boolean,
  isCurrent: (choice: Choice) => boolean,
): number | null {
  let running: number | null = null;
  let current: number | null = null;
  let any: number | null = null;
  for (let at = 0; at < versions.length; at++) {
    const choice = versions[at]!;
    if (!satisfies(choice[0], range)) continue;
    const canRun = runs(at);
    if (canRun && isCurrent(choice)) return at;
    any ??= at;
    if (canRun) running ??= at;
    if (isCurrent(choice)) current ??= at;
  }
  return running ?? current ?? any;
}

function runsOn(range: string | undefined, node: string): boolean {
  return range === undefined || node === '' || satisfies(node, range);
}

export function satisfies(version: string, range: string): boolean {
  return Bun.semver.satisfies(version, range);
}
