/**
 * Parameters of a supply-chain policy: which of the versions that upstreams have may be used.
 */
import * as forms from './forms.ts';
import { anyText, count, group, list, oneOf, path, seconds, text } from './kinds.ts';

/** Of npm, and of every other ecosystem: they differ in what names and versions look like. */
const npmSpec = (means: string) =>
  text(
    means,
    {
      expected:
        "a package, with versions after an @ where not all are meant, such as 'lodash', 'lodash@<4.17.21' or '@acme/*'",
    },
    forms.packageSpec,
  );

const anySpec = (means: string) =>
  text(
    means,
    {
      expected:
        "a package, with versions after an @ where not all are meant, such as 'requests', 'requests@<2.31' or 'acme-*'",
    },
    forms.anyPackageSpec,
  );

const releaseAge = (spec: typeof npmSpec, own: string) =>
  group('How old a version has to be. Most malware is found within days.', {
    minimumS: seconds('Time since the version was published.').prefault('7d'),
    publishedBefore: text(
      'A hard cut-off: what was published at this moment or later is not there, however old it is.',
      { expected: "a moment such as '2026-11-01T00:00:00Z'", otherwise: 'no cut-off' },
      forms.moment,
    ).optional(),
    exempt: list(
      `May be used at any age: your own ${own}, or one version that fixes something urgent.`,
      spec('Versions.'),
    ).prefault([]),
    withoutTime: oneOf('Versions of which the upstream does not say when they were published.', [
      'refuse',
      'allow',
    ]).prefault('refuse'),
  });

const advisories = group('Versions with a known vulnerability, and malware, by a feed in the OSV format.', {
  path: path(
    'A JSON file with one record or a list of them, or a folder of such files; relative to the config file. It is read again when it changes. One that cannot be read leaves what was read before in force; at the start of the origin, package documents are answered with 503 until it can be.',
  ),
  severity: oneOf(
    'The least severe that counts. A record that does not say it, such as a report of malware, counts as critical.',
    ['low', 'moderate', 'high', 'critical'],
  ).prefault('low'),
  except: list(
    'Advisories that do not count, by id or alias.',
    anyText('Id.', { expected: "an id such as 'GHSA-35jh-r3h4-6jhm'" }),
  ).prefault([]),
  checkS: count('Seconds between two looks at whether it has changed.', 1, 86_400).prefault(60),
});

export const npmPolicy = group(
  'Which versions of packages from upstreams may be used. The others are taken out of package documents, and their tarballs are refused. Packages that are `hosted` are exempt.',
  {
    releaseAge: releaseAge(npmSpec, 'scopes').optional(),
    blocked: list('Never.', npmSpec('Versions.')).prefault([]),
    only: list('Nothing but these.', npmSpec('Versions.'), 'everything').optional(),
    advisories: advisories.optional(),
    provenance: list(
      'Every version of these has to come with a statement of where it was built (`dist.attestations.provenance`).',
      text('Package.', { expected: "a package name, with stars, such as '@acme/*'" }, forms.packagePattern),
    ).prefault([]),
  },
);

export const packagePolicy = group(
  'Which versions of packages from upstreams may be used. The others are taken out of indexes, and their files are refused. Packages that are `hosted` are exempt.',
  {
    releaseAge: releaseAge(anySpec, 'packages').optional(),
    blocked: list('Never.', anySpec('Versions.')).prefault([]),
    only: list('Nothing but these.', anySpec('Versions.'), 'everything').optional(),
    advisories: advisories.optional(),
  },
);
