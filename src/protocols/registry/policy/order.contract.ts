/** What every `VersionOrder` is held to: the facts of its ecosystem, and where the ecosystem's own program is there, what that says. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { available } from '../../../../test/support/needs.ts';
import type { VersionOrder } from './order.ts';

interface Facts {
  /** Each lower than the next. */
  readonly rising: readonly string[];
  /** Spellings of the same version: the canonical one first. */
  readonly same: readonly (readonly string[])[];
  /** What is no version. */
  readonly none: readonly string[];
  /** Those that clients take only when they are asked to, with the release to come. */
  readonly prereleases: Readonly<Record<string, string>>;
  /** Those that are none, with what they are a build of. */
  readonly releases: Readonly<Record<string, string | null>>;
}

export function holdsFacts(order: VersionOrder, { rising, same, none, prereleases, releases }: Facts): void {
  test('versions rise as their ecosystem says', () => {
    const wrong = rising.flatMap((lower, at) =>
      rising.slice(at + 1).flatMap((higher) => {
        const isRight = order.compare(lower, higher) < 0 && order.compare(higher, lower) > 0;
        return isRight ? [] : [`${lower} < ${higher}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('spellings of the same version are equal, and have one canonical form', () => {
    for (const [canonical = '', ...others] of same)
      for (const other of [canonical, ...others])
        expect([other, order.compare(canonical, other), order.canonical(other)]).toEqual([
          other,
          0,
          canonical,
        ]);
  });

  test('what is no version is none', () => {
    expect(none.filter((text) => order.isVersion(text))).toEqual([]);
    expect([...rising, ...same.flat()].filter((text) => !order.isVersion(text))).toEqual([]);
  });

  test('a pre-release is known, with the release to come', () => {
    const bases = (versions: readonly string[]) =>
      Object.fromEntries(versions.map((version) => [version, order.basisOf(version)]));
    expect(bases(Object.keys(prereleases))).toEqual(prereleases);
    expect(Object.keys(prereleases).filter((version) => !order.isPrerelease(version))).toEqual([]);
    expect(bases(Object.keys(releases))).toEqual(releases);
    expect(Object.keys(releases).filter((version) => order.isPrerelease(version))).toEqual([]);
  });
}

interface Program {
  readonly name: string;
  /** Why it is not there; `null`: it is. */
  readonly problem: string | null;
  /** What versions are made of. */
  readonly pieces: readonly string[];
  /** What each begins with. */
  readonly start?: string | undefined;
  readonly pairs: number;
  /** The sign of each comparison, or the versions that it takes to be the same: in the order of the pairs. */
  compare(pairs: readonly (readonly [string, string])[]): Promise<readonly number[]>;
}

/** Random versions, compared by the program and by us. */
export function agreesWith(order: VersionOrder, program: Program): void {
  describe.skipIf(!available(program.name, program.problem))(`${program.name}`, () => {
    test('orders random versions likewise', async () => {
      const text = fc
        .array(fc.constantFrom(...program.pieces), { minLength: 1, maxLength: 7 })
        .map((pieces) => `${program.start ?? ''}${pieces.join('')}`)
        .filter((version) => order.isVersion(version));
      const pairs = fc.sample(fc.tuple(text, text), program.pairs);
      const signs = await program.compare(pairs);
      expect(signs).toHaveLength(pairs.length);
      const wrong = pairs.filter(([a, b], at) => Math.sign(order.compare(a, b)) !== signs[at]);
      expect(wrong).toEqual([]);
    });

    test('knows no version that its canonical form is not equal to', () => {
      const text = fc
        .array(fc.constantFrom(...program.pieces), { minLength: 1, maxLength: 7 })
        .map((pieces) => `${program.start ?? ''}${pieces.join('')}`)
        .filter((version) => order.isVersion(version));
      fc.assert(
        fc.property(text, (version) => {
          const canonical = order.canonical(version);
          expect(order.compare(canonical, version)).toBe(0);
          expect(order.canonical(canonical)).toBe(canonical);
        }),
      );
    });
  });
}

/** Lines out of a program that is given lines. @throws with what it has said where it fails. */
export async function linesOf(command: readonly string[], input: string): Promise<readonly string[]> {
  const child = Bun.spawn([...command], {
    stdin: new TextEncoder().encode(input),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [said, failed] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${command[0]}: ${failed.slice(0, 500)}`);
  return said.trimEnd().split('\n');
}
