/**
 * What a route for packages says, the same for every ecosystem that the kit serves (`protocols/registry/`). What one of them says
 * beside it stands in its own file in `ecosystems/`.
 */
import type { z } from 'zod';
import * as forms from './forms.ts';
import { authorization, count, group, list, seconds, size, text, url } from './kinds.ts';
import { packagePolicy } from './schema-policy.ts';
import { metadataTimes } from './schema-times.ts';

const names = (means: string, otherwise?: string) =>
  list(
    means,
    text(
      'Names.',
      { expected: "names of packages, such as 'acme-*', as their ecosystem writes them" },
      forms.anyPackagePattern,
    ),
    otherwise,
  );

const upstream = group('Where to pull from.', {
  name: text(
    'First segment of its paths, where several stand side by side (apt).',
    { expected: "a word such as 'debian-security'", otherwise: 'one is asked after the other' },
    forms.upstreamName,
  ).optional(),
  url: url('Where it is.'),
  authorization: authorization('Sent to this upstream alone.').optional(),
  names: names(
    'These names are asked for here and nowhere else. `*` stands for any text.',
    'every name that no other upstream claims',
  ).prefault([]),
  internalHosts: list(
    'Hosts of an internal network that it may send to, though it is on the internet itself.',
    text(
      'Host.',
      { expected: "a host such as 'files.example.com' or 'files.example.com:8443'" },
      forms.authority,
    ),
  ).prefault([]),
});

const quota = group(
  'What may be published, in bytes of files. More is refused; what is there stays. At 80 and 95 % of a bound, the log says so.',
  {
    bytes: size('All packages of the route together.').optional(),
    packageBytes: size('All versions of one package together.').optional(),
    versions: count('Versions of one package.', 1, 1_000_000).optional(),
  },
);

const hosted = group(
  'Packages whose home is this network: published here, kept in the `store` of the origin, and never asked for anywhere else. Without it, nothing can be published.',
  {
    names: names(
      'Which ones, where `*` stands for any text. They live here, also where an upstream has a package of that name.',
    ),
    public: names(
      'Of these, all may be read by whoever may read the route. The others by those who have been given them by name.',
    ).prefault([]),
    maxFileBytes: size('Longest file (`limits.blobBytes` bounds it too).', { atLeast: 1024 }).prefault(
      '8 GiB',
    ),
    quota: quota.prefault({}),
  },
);

const mirror = group('What `meridian mirror` keeps for good of upstreams.', {
  bytes: size('All of it together, in bytes of files. More is refused.').optional(),
  keepUnusedS: seconds(
    'What no `meridian mirror` has named for so long, and nobody has asked the origin for, is kept no longer. Whole days are told apart.',
    { atLeast: 86_400 },
  ).optional(),
});

const ahead = group(
  'What the same client is going to ask for next is fetched before it does, where the ecosystem can tell.',
  {
    atOnce: count('Fetched so at once. 0: none.', 0, 64).prefault(4),
  },
);

/**
 * @param means whose packages.
 * @param upstreams what a route asks that says none: completes "Without it: …".
 * @param own what this ecosystem says beside it.
 */
export function registry<const Own extends z.core.$ZodLooseShape>(
  means: string,
  upstreams: string,
  own: Own,
) {
  return group(means, {
    upstreams: list(
      'Where to pull from, in order of preference. An empty list: nowhere, only what is `hosted`.',
      upstream,
      upstreams,
    ).optional(),
    hosted: hosted.optional(),
    policy: packagePolicy.optional(),
    mirror: mirror.prefault({}),
    ahead: ahead.prefault({}),
    metadata: metadataTimes.prefault({}),
    maxIndexBytes: size('Longest index of an upstream.', { atLeast: 1024 }).prefault('128 MiB'),
    ...own,
  });
}
