/**
 * Ranges of versions in rules, the same for every ecosystem that has no grammar of its own here:
 *
 *     <2.31   >=1.0 <2.0   >=1.0, !=1.5   1.4.2 || 2.0.1   *
 *
 * Comparators side by side, or with commas, all have to hold; of alternatives, one. A version alone is exactly that one. Where an ecosystem wants
 * three numbers, those that are missing are 0.
 *
 * A rule that forbids also covers pre-releases and builds of what it names; one that allows covers a pre-release only where it names one
 * of the same release, as npm has it.
 */
import type { VersionOrder } from './order.ts';

export interface Range {
  allows(version: string): boolean;
  forbids(version: string): boolean;
}

interface Comparator {
  readonly operator: '<' | '<=' | '>' | '>=' | '=' | '!=';
  readonly version: string;
}

/** Longest range, and most comparators in it. */
const LENGTH = 1024;

const comparator = /^(<=|>=|!=|<|>|=)?([^<>=!|*]+)$/;
const operators = /(<=|>=|!=|<|>|=)\s+/g;

const everything: Range = { allows: () => true, forbids: () => true };

/** @returns why it cannot be read, where it cannot. */
export function readRange(text: string, order: VersionOrder): Range | { readonly mistake: string } {
  if (text.length > LENGTH) return { mistake: `it has more than ${LENGTH} characters` };
  const all: (readonly Comparator[])[] = [];
  for (const alternative of text.split('||')) {
    const read = alternative.trim() === '*' ? [] : comparatorsOf(alternative, order);
    if ('mistake' in read) return read;
    all.push(read);
  }
  if (all.some((each) => each.length === 0)) return everything;
  const holding = (version: string) =>
    all.filter((each) => each.every((one) => isWithin(version, one, order)));
  return {
    allows(version) {
      if (!order.isVersion(version)) return false;
      const isPrerelease = order.isPrerelease(version);
      const release = releaseOf(version, order);
      const isMeant = (each: readonly Comparator[]) =>
        !isPrerelease || each.some((one) => names(one.version, release, order));
      return upwards(version, order)
        .filter((each) => order.isPrerelease(each) === isPrerelease)
        .some((each) => holding(each).some(isMeant));
    },
    forbids(version) {
      return order.isVersion(version) && upwards(version, order).some((each) => holding(each).length > 0);
    },
  };
}

function comparatorsOf(
  text: string,
  order: VersionOrder,
): readonly Comparator[] | { readonly mistake: string } {
  const found: Comparator[] = [];
  const written = text.replace(operators, '$1').split(/[\s,]+/);
  for (const each of written.filter((part) => part !== '')) {
    const [, operator = '=', named = ''] = comparator.exec(each) ?? [];
    const version = completed(named, order);
    if (version === null)
      return { mistake: `${each} is no version, nor one with <, <=, >, >=, = or != before it` };
    found.push({ operator: operator as Comparator['operator'], version });
  }
  return found.length === 0 ? { mistake: 'there is nothing in it' } : found;
}

/** With what an ecosystem wants to be said, as 0. */
function completed(text: string, order: VersionOrder): string | null {
  return [text, `${text}.0`, `${text}.0.0`].find((each) => order.isVersion(each)) ?? null;
}

function isWithin(version: string, { operator, version: edge }: Comparator, order: VersionOrder): boolean {
  const by = order.compare(version, edge);
  switch (operator) {
    case '<':
      return by < 0;
    case '<=':
      return by <= 0;
    case '>':
      return by > 0;
    case '>=':
      return by >= 0;
    case '=':
      return by === 0;
    case '!=':
      return by !== 0;
  }
}

/** The version, and what it is a pre-release or a build of, and what that is. */
function upwards(version: string, order: VersionOrder): readonly string[] {
  const all = [version];
  for (let basis = order.basisOf(version); basis !== null; basis = order.basisOf(basis)) all.push(basis);
  return all;
}

/** Whether a comparator's version is a pre-release of that release. */
function names(edge: string, release: string, order: VersionOrder): boolean {
  return order.isPrerelease(edge) && order.compare(releaseOf(edge, order), release) === 0;
}

function releaseOf(version: string, order: VersionOrder): string {
  return upwards(version, order).at(-1) ?? version;
}
