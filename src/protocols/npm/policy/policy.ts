/** The supply-chain policy of a route for npm: its advisories are parsed in the packument worker, and its rules are about names in any case. */
import type { Clock } from '../../../clock.ts';
import {
  type CoreOptions,
  followed as followedFor,
  openCore,
  type PolicyCore,
} from '../../registry/policy/core.ts';
import type { Deriver } from '../deriver.ts';

export type PolicyOptions = CoreOptions;

export interface Policy extends PolicyCore {
  readonly options: PolicyOptions;
}

export interface PolicyDependencies {
  readonly route: string;
  readonly deriver: Pick<Deriver, 'run'>;
  readonly clock: Clock;
}

export function openPolicy(options: PolicyOptions, { route, deriver, clock }: PolicyDependencies): Policy {
  const core = openCore(options, {
    id: 'npm',
    route,
    clock,
    // Some registries take any case for the same name, so a rule does as well.
    canonical: (name) => name.toLowerCase(),
    reader: {
      parse: (files, buffers) => deriver.run({ task: 'feed', files }, buffers),
      canonical: (name) => name,
    },
  });
  return withOptions(core, options);
}

function withOptions(core: PolicyCore, options: PolicyOptions): Policy {
  return Object.assign(core, { options });
}

export const followed = (route: string) => followedFor('npm', route);
