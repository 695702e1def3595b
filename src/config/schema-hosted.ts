/**
 * Parameters of what has its home at the origin, besides what is pulled through.
 */
import * as forms from './forms.ts';
import { flag, group, list, oneOf, text } from './kinds.ts';

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
  },
);
