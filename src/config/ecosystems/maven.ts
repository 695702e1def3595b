/** Parameters of a route for Java artifacts. */
import { registry } from '../schema-registry.ts';

export const maven = registry('Artifacts, for Maven, Gradle, sbt and Ivy.', 'Maven Central', {});
