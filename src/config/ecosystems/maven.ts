/** Parameters of a route for Java artifacts. */
import { count, oneOf } from '../kinds.ts';
import { registry } from '../schema-registry.ts';

export const maven = registry('Artifacts, for Maven, Gradle, sbt and Ivy.', 'Maven Central', {
  checksums: oneOf(
    'Files of upstreams that have no checksum beside them: `require` refuses them, `warn` serves them as they come (Maven itself warns of them).',
    ['require', 'warn'],
  ).prefault('require'),
  snapshotBuilds: count(
    'Builds of a snapshot that are kept of what lives here. Older ones go when a new one is deployed.',
    1,
    1000,
  ).prefault(10),
});
