/** What a route for Maven says beside what all routes for packages do. */
export interface MavenSettings {
  /** What becomes of an upstream's files that have no checksum beside them: an error, or served as they come. */
  readonly checksums: 'require' | 'warn';
  /** Builds of a snapshot that are kept of what lives here. */
  readonly snapshotBuilds: number;
}
