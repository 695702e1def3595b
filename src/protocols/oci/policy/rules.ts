/**
 * The rules that go by names, tags and digests: `only`, `blocked`, and what is `allowed` all the same. Pure.
 *
 * Clients turn a tag into a digest and go on with that, and from an index to the manifests that it names. So what is allowed by a tag is
 * allowed by every digest that the tag has stood for, and what is allowed by an index, in all of it: these are the ways to a manifest.
 */
import type { RuleFinding } from '../../verdict.ts';
import type { Digest } from '../digest.ts';
import type { Content } from './content.ts';
import type { PolicyOptions } from './options.ts';
import { isAbout, type Spec, specOf, takesTag } from './spec.ts';

/** As they are called in the config, and in the order in which their reasons are given. */
export type Rule = 'only' | 'blocked' | 'age' | 'signatures';
export type Finding = RuleFinding<Rule>;

/** Tags and digests that a manifest is, or has been, reached by: its own, and those of the indexes that name it. */
export interface Ways {
  readonly tags: readonly string[];
  readonly digests: readonly Digest[];
}

export interface Met {
  readonly name: string;
  /** As asked for; `null`: by its digest. */
  readonly tag: string | null;
  readonly digest: Digest;
  readonly content: Content;
  readonly ways: Ways;
  /** It was pushed here. */
  readonly isHosted: boolean;
}

export interface NameRules {
  /** Against everything of a repository, whatever it is. */
  onRepository(name: string, isHosted: boolean): Finding | null;
  /** Against what is named so, in any image. */
  onDigest(name: string, digest: Digest): Finding | null;
  onManifest(met: Met): readonly Finding[];
}

type Options = Pick<PolicyOptions, 'blocked' | 'only' | 'allowed'>;

/** @param full the full name of what may be called otherwise, too: `docker.io/library/alpine` of `alpine`. */
export function openNameRules(options: Options, full: (name: string) => string): NameRules {
  const blocked = specsOf(options.blocked, full);
  const only = options.only && specsOf(options.only, full);
  const allowed = specsOf(options.allowed, full);
  const blockedDigests = blocked.filter(({ digest }) => digest !== null);
  const blockedNames = blocked.filter(({ digest }) => digest === null);

  function blockedAmong(name: string, digests: readonly Digest[]): Spec | undefined {
    const all = new Set(digests);
    return blockedDigests.find((spec) => spec.digest !== null && all.has(spec.digest) && isAbout(spec, name));
  }

  function onlyFor({ name, ways, content }: Met): Finding | null {
    if (only === undefined) return null;
    // Whose image may be used, his signatures may be looked at.
    const about = content.isSignature ? only.find((spec) => isAbout(spec, name)) : covering(only, name, ways);
    const found = about ?? covering(allowed, name, ways);
    if (found === undefined) return refuses('only', 'is not among what may be used here');
    return passes('only', `is among what may be used here (${found.text})`);
  }

  function blockedFor({ name, tag, digest, content, ways }: Met): Finding {
    const own = blockedAmong(name, [digest]);
    if (own !== undefined) return refuses('blocked', `is blocked (${own.text})`);
    const inner = blockedAmong(name, content.names);
    if (inner !== undefined)
      return refuses('blocked', `is made of something that is blocked (${inner.text})`);
    const outer = blockedAmong(name, ways.digests);
    if (outer !== undefined && !allowed.some((each) => each.digest === digest && isAbout(each, name)))
      return refuses('blocked', `is part of an index that is blocked (${outer.text})`);
    const spec = blockedNames.find(
      (each) => isAbout(each, name) && (each.tag === null || (tag !== null && takesTag(each, tag))),
    );
    if (spec === undefined) return passes('blocked', 'is not blocked');
    const exception = covering(allowed, name, ways);
    if (exception === undefined) return refuses('blocked', `is blocked (${spec.text})`);
    return passes('blocked', `is allowed (${exception.text}), though ${spec.text} is blocked`);
  }

  return {
    onRepository(name, isHosted) {
      if (allowed.some((spec) => isAbout(spec, name))) return null;
      const spec = blockedNames.find((each) => each.tag === null && isAbout(each, name));
      if (spec !== undefined) return refuses('blocked', `is blocked (${spec.text})`);
      if (only === undefined || isHosted || only.some((each) => isAbout(each, name))) return null;
      return refuses('only', 'is not among what may be used here');
    },
    onDigest(name, digest) {
      const spec = blockedAmong(name, [digest]);
      return spec === undefined ? null : refuses('blocked', `is blocked (${spec.text})`);
    },
    onManifest(met) {
      const first = met.isHosted ? null : onlyFor(met);
      return [...(first === null ? [] : [first]), ...(blocked.length === 0 ? [] : [blockedFor(met)])];
    },
  };
}

/** @param full of a name without stars. */
export function specsOf(texts: readonly string[], full: (name: string) => string): readonly Spec[] {
  return texts.map((text) => {
    const spec = specOf(text);
    return spec.name === null || spec.name.includes('*') ? spec : { ...spec, name: full(spec.name) };
  });
}

/** The first that takes in what is reached by one of these ways. */
export function covering(specs: readonly Spec[], name: string, ways: Ways): Spec | undefined {
  return specs.find((spec) => {
    if (!isAbout(spec, name)) return false;
    if (spec.digest !== null) return ways.digests.includes(spec.digest);
    return spec.tag === null || ways.tags.some((tag) => takesTag(spec, tag));
  });
}

function passes(rule: Rule, why: string): Finding {
  return { rule, passes: true, why, untilMs: null };
}

function refuses(rule: Rule, why: string): Finding {
  return { rule, passes: false, why, untilMs: null };
}
