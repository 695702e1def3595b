/**
 * Parameters of what has its home at the origin, besides what is pulled through.
 */
import * as forms from './forms.ts';
import { count, flag, group, list, oneOf, seconds, size, text } from './kinds.ts';

const quota = group(
  'What may be published and imported, in bytes of tarballs. More is refused with 403; what is there stays. At 80 and 95 % of a bound, the log says so.',
  {
    bytes: size('All packages of the route together.').optional(),
    scopeBytes: size('All packages of one scope together.').optional(),
    packageBytes: size('All versions of one package together.').optional(),
    versions: count('Versions of one package.', 1, 1_000_000).optional(),
  },
);

const keepUnused = (means: string) => seconds(means, { atLeast: 86_400 }).optional();

export const npmMirror = group('What `meridian mirror` keeps for good of other registries.', {
  bytes: size('All of it together, in bytes of tarballs. More is refused.').optional(),
  keepUnusedS: keepUnused(
    'What no `meridian mirror` has named for so long, and nobody has asked the origin for, is kept no longer. Whole days are told apart.',
  ),
});

export const retention = group('How long a route’s responses are kept on disk, however much room there is.', {
  keepUnusedS: keepUnused(
    'What nobody has asked a node for during this time goes from its disk. Whole days are told apart.',
  ),
});

export const npmHosted = group(
  'Packages whose home is this network: published here, kept in the `store` of the origin, and never asked for anywhere else. Without it, nothing can be published.',
  {
    scopes: list(
      'Every name under these scopes lives here.',
      text('Scope.', { expected: "a scope such as '@acme'" }, forms.scope),
    ).prefault([]),
    names: list(
      'These names live here, also where an upstream has a package of that name.',
      text(
        'Package.',
        { expected: "a package name in lower case, such as 'left-pad-internal'" },
        forms.packageName,
      ),
    ).prefault([]),
    others: flag(
      'Any other name may be published too, if no upstream claims its scope and the default upstream, which is asked, has no such package. From then on it lives here.',
    ).prefault(false),
    access: oneOf(
      'Who may read a package whose publisher does not say it (`npm publish --access`). `restricted`: those who have been given it by name. `public`: all who may read the route.',
      ['restricted', 'public'],
    ).prefault('restricted'),
    quota: quota.prefault({}),
  },
);
