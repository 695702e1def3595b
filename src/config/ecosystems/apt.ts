/** Parameters of a route for Debian and Ubuntu packages. */
import { path } from '../kinds.ts';
import { registry } from '../schema-registry.ts';

export const apt = registry(
  'Archives of Debian and Ubuntu, for apt.',
  'the archives that the machine’s apt is set to (`/etc/apt/sources.list`, `/etc/apt/sources.list.d`), each under the last segment of its path',
  {
    signingKey: path(
      'File with the key that suites are signed with which live here: armored OpenPGP, without a passphrase. Relative to the config file.',
      'a key that the origin makes, and keeps in its store',
    ).optional(),
  },
);
