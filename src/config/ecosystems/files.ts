/** Parameters of a route for files. */
import { registry } from '../schema-registry.ts';

export const files = registry(
  'Trees of files, for curl and everything else that reads HTTP: installers, models, media, images of systems.',
  'none',
  {},
);
