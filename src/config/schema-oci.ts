/** The parameters of a route for containers, a part of the table in `schema.ts`. */
import * as forms from './forms.ts';
import { anyText, count, group, list, seconds, size, text, url } from './kinds.ts';
import { ociPolicy } from './schema-oci-policy.ts';
import { metadataTimes } from './schema-times.ts';

const sourceName = {
  expected: "the first word of names of images, such as 'ghcr.io' or 'registry.example.com:5000'",
};

const ociSource = group('A registry to pull from.', {
  name: text(
    'The first word of names that are pulled from here, as people write them.',
    sourceName,
    forms.registryName,
  ),
  url: url('Where the registry is, without `/v2`.'),
  username: anyText('For this registry and its token service alone.', { expected: 'a user name' }).optional(),
  password: anyText('His password, or a token of that registry.', { expected: 'a password' }).optional(),
  namespace: text(
    'What names without a slash belong to there, such as `library`.',
    { expected: 'a word of the name of an image' },
    forms.imageWord,
  ).optional(),
  prefix: text(
    'What all names begin with there, and do not here: a project of Harbor, or the name of a source of another Meridian.',
    { expected: 'words of the name of an image' },
    forms.imageName,
  ).optional(),
});

const names = (means: string) =>
  list(
    means,
    text('Names.', { expected: "names of images, such as 'acme/*' or '*'" }, forms.imagesPattern),
  ).prefault([]);

const quota = group(
  'What may be pushed. More is refused with 403; what is there stays. At 80 and 95 % of a bound, the log says so.',
  {
    bytes: size('All repositories of the route together: what several have counts for each.').optional(),
    repositoryBytes: size('One repository.').optional(),
    manifests: count('Manifests of one repository.', 1, 1_000_000).optional(),
  },
);

const hosted = group(
  'Repositories whose home is this network: pushed here, kept in the `store` of the origin, and never asked for anywhere else. Without it, nothing can be pushed.',
  {
    names: names(
      "Which ones, where `*` stands for any text; a list of `'*'`: all whose name begins with no source.",
    ),
    public: names(
      'Of these, all may be read by whoever may read the route. The others by those who have been given them by name.',
    ),
    immutableTags: list(
      'Tags that keep their first meaning: they can neither be moved nor deleted.',
      text('Tags.', { expected: "tags, such as 'v*' or '*'" }, forms.tagPattern),
    ).prefault([]),
    maxBlobBytes: size('Longest blob, in however many requests it comes (`limits.blobBytes` bounds each).', {
      atLeast: 1024,
    }).prefault('32 GiB'),
    keepUnneededS: seconds('How long a blob is kept that no manifest of its repository names.', {
      atLeast: 3600,
    }).prefault('1d'),
    quota: quota.prefault({}),
  },
);

const ahead = group(
  'When the manifest of an image has come, the origin fetches its config and layers before they are asked for.',
  {
    atOnce: count('Blobs that are fetched so at once. 0: none.', 0, 64).prefault(4),
    largestBytes: size('What is larger is fetched when it is asked for.').prefault('4 GiB'),
  },
);

export const oci = group(
  'Images of containers and other artifacts, for docker, containerd, podman, skopeo, helm and oras.',
  {
    sources: list('Registries to pull from.', ociSource).prefault([]),
    mirrors: text(
      'Name of the source of images whose name begins with none: what Docker asks for, when this is one of its `registry-mirrors`.',
      { ...sourceName, otherwise: 'there are no such images' },
      forms.registryName,
    ).optional(),
    hosted: hosted.optional(),
    policy: ociPolicy.optional(),
    ahead: ahead.prefault({}),
    metadata: metadataTimes.prefault({}),
  },
);
