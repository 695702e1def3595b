/**
 * Patterns of names as the config has them, written out where an ecosystem has a short form: a group of Maven for everything in it. In every place that
 * goes by names, so that what is claimed, what is public and what is blocked mean the same.
 */
import type { Ecosystem } from './ecosystem.ts';
import type { RegistryOptions } from './options.ts';
import type { PolicyOptions } from './policy/options.ts';

export function writtenOut(
  options: RegistryOptions,
  { patterns }: Pick<Ecosystem, 'patterns'>,
): RegistryOptions {
  if (patterns === undefined) return options;
  const names = (given: readonly string[]) => given.flatMap((name) => patterns(name));
  /** `name`, `name@range`. */
  const specs = (given: readonly string[]) =>
    given.flatMap((spec) => {
      const at = spec.lastIndexOf('@');
      return at <= 0 ? patterns(spec) : patterns(spec.slice(0, at)).map((name) => name + spec.slice(at));
    });
  const { upstreams, hosted, policy } = options;
  return {
    ...options,
    upstreams: upstreams.map((upstream) => ({ ...upstream, names: names(upstream.names) })),
    hosted: hosted && { ...hosted, names: names(hosted.names), public: names(hosted.public) },
    policy: policy && policyWith(policy, specs),
  };
}

function policyWith(
  policy: PolicyOptions,
  specs: (given: readonly string[]) => readonly string[],
): PolicyOptions {
  const { releaseAge, blocked, only } = policy;
  return {
    ...policy,
    blocked: specs(blocked),
    ...(only && { only: specs(only) }),
    ...(releaseAge && { releaseAge: { ...releaseAge, exempt: specs(releaseAge.exempt) } }),
  };
}
