/** Parameters of a route for files. */
import { anyText, flag, list } from '../kinds.ts';
import { registry } from '../schema-registry.ts';

export const files = registry(
  'Trees of files, for curl and everything else that reads HTTP: installers, models, media, images of systems.',
  'none',
  {
    immutable: list(
      'Paths of which an upstream never gives other bytes, `*` for any text. They are kept for good; all others as `metadata` says.',
      anyText('Path.', { expected: "a path without its first slash, such as 'releases/*.iso'" }),
    ).prefault([]),
    sums: list(
      'Lists of check sums that lie beside files, in the order in which they are looked for, with `{file}` for the name of the file. What one says of a file is compared by every tier.',
      anyText('Name.', { expected: "a name such as 'SHA256SUMS' or '{file}.sha256'" }),
    ).prefault([]),
    requireSums: flag('What of an upstream has no check sum is not given out.').prefault(false),
  },
);
