/** Parameters of a route for Rust crates. */
import { registry } from '../schema-registry.ts';

export const cargo = registry(
  'Crates, for cargo.',
  'crates.io, or the sparse registry that this machine’s cargo has in its place (`[source.crates-io]`)',
  {},
);
