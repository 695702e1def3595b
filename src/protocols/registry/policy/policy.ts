/** The supply-chain policy of a route for packages, whose versions are ordered as its ecosystem orders them. */
import type { Clock } from '../../../clock.ts';
import type { OriginHome } from '../../../protocol.ts';
import { beginWithoutPolicy } from '../../follow-policy.ts';
import { followed, openCore, type PolicyCore } from './core.ts';
import { type Finding, refusesAll } from './judge.ts';
import { findingsBy, type Judge, judgeBy, type KnownFacts } from './judge-of.ts';
import type { PolicyOptions } from './options.ts';
import type { VersionOrder } from './order.ts';
import { openOsvThread } from './osv-thread.ts';
import { readRange } from './range.ts';
import { specOf } from './spec.ts';
import { needsTime, type Terms } from './terms.ts';

export interface Policy extends Omit<PolicyCore, 'termsOf'> {
  readonly options: PolicyOptions;
  /**
   * What is said of a package's versions, as of now.
   *
   * @throws `policy-unready` while there are no advisories to judge by.
   */
  judgeOf(name: string): Judge;
  /** Why no version may be used, whatever they are: nobody need be asked. `null`: that depends. @throws `policy-unready`. */
  refusesAll(name: string): Finding | null;
  /** What every rule finds, for or against a version. @throws `policy-unready`. */
  findingsOn(name: string, facts: KnownFacts): readonly Finding[];
  /** Whether it matters when the versions of a package were published. */
  needsTime(name: string): boolean;
}

export interface PolicyDependencies {
  readonly ecosystem: JudgedEcosystem;
  readonly route: string;
  readonly clock: Clock;
}

/** What a policy has to know of an ecosystem. */
export interface JudgedEcosystem {
  /** As the config calls it, and the first word of its tags: `pypi`. */
  readonly id: string;
  /** For people: `PyPI`. */
  readonly title: string;
  /** How its versions are ordered: for rules, advisories and lists. */
  readonly order: VersionOrder;
  /** What advisories call it (OSV, `affected[].package.ecosystem`): `PyPI`; `null`: there are none about it. */
  readonly advisories: string | null;
  /** How rules, rights and advisories write a name: one for all spellings. */
  canonical(name: string): string;
}

/** @throws TypeError for a rule about what is no range of versions in the ecosystem. */
export function openPolicy(options: PolicyOptions, { ecosystem, route, clock }: PolicyDependencies): Policy {
  const { id, order } = ecosystem;
  const canonical = (name: string) => ecosystem.canonical(name);
  refuseUnreadable(options, ecosystem);
  const thread = openOsvThread(clock);
  const core = openCore(
    { ...options, provenance: [] },
    {
      ...{ id, route, clock, canonical },
      reader: {
        canonical,
        // Where there are no advisories about an ecosystem, none of them is about one of its packages.
        parse: (files, buffers) =>
          thread.run({ task: 'feed', files: [...files], ecosystem: ecosystem.advisories ?? '' }, buffers),
      },
    },
  );
  const termsOf = (name: string): Terms | null => core.termsOf(canonical(name));
  return {
    options,
    refusals: core.refusals,
    get feed() {
      return core.feed;
    },
    ready: () => core.ready(),
    judgeOf: (name) => judgeBy(termsOf(name), order, clock.now()),
    findingsOn: (name, facts) => findingsBy(termsOf(name), order, clock.now(), facts),
    refusesAll(name) {
      const terms = termsOf(name);
      return terms && refusesAll(terms);
    },
    needsTime(name) {
      const terms = termsOf(name);
      return terms !== null && needsTime(terms);
    },
    begin: (home) => core.begin(home),
    close() {
      core.close();
      thread.close();
    },
  };
}

/** A route without a policy, which it may have had before. */
export function beginWithout(
  { ecosystem, route }: { readonly ecosystem: Pick<JudgedEcosystem, 'id'>; readonly route: string },
  home: OriginHome,
): void {
  beginWithoutPolicy({ ...followed(ecosystem.id, route), home });
}

/** A rule of a policy that says nothing to its ecosystem. */
export interface UnreadableRule {
  /** Where it stands in the policy: `['blocked', 3]`. */
  readonly at: readonly (string | number)[];
  readonly text: string;
  /** Completes "cannot be read: …". */
  readonly why: string;
}

/** Rules about what is no range of versions in the ecosystem. */
export function unreadableRules(
  { blocked, only = [], releaseAge }: PolicyOptions,
  { order }: Pick<JudgedEcosystem, 'order'>,
): readonly UnreadableRule[] {
  const lists = [
    ...[
      { at: ['blocked'], texts: blocked },
      { at: ['only'], texts: only },
    ],
    { at: ['releaseAge', 'exempt'], texts: releaseAge?.exempt ?? [] },
  ];
  return lists.flatMap(({ at, texts }) =>
    texts.flatMap((text, nth): readonly UnreadableRule[] => {
      const { range } = specOf(text);
      const read = range === '*' ? null : readRange(range, order);
      return read !== null && 'mistake' in read ? [{ at: [...at, nth], text, why: read.mistake }] : [];
    }),
  );
}

/** A rule that cannot be read must not be one that says nothing. */
function refuseUnreadable(options: PolicyOptions, ecosystem: JudgedEcosystem): void {
  const [first] = unreadableRules(options, ecosystem);
  if (first !== undefined)
    throw new TypeError(
      `The policy's rule about ${first.text} is none for ${ecosystem.title}: ${first.why}.`,
    );
}
