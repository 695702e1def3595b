/** Parameters of a route for Debian and Ubuntu packages. */
import { registry } from '../schema-registry.ts';

export const apt = registry(
  'Archives of Debian and Ubuntu, for apt.',
  'the archives that the machine’s apt is set to (`/etc/apt/sources.list`, `/etc/apt/sources.list.d`), each under the last segment of its path',
  {},
);
