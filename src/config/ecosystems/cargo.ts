/** Parameters of a route for Rust crates. */
import { flag } from '../kinds.ts';
import { registry } from '../schema-registry.ts';

export const cargo = registry(
  'Crates, for cargo.',
  'crates.io, or the sparse registry that this machine’s cargo has in its place (`[source.crates-io]`)',
  {
    authRequired: flag(
      'Tells cargo to show a token with every request (`auth-required` of `config.json`): whoever has none is sent to `cargo login`.',
      'where the route is closed, or crates live here that not everybody may read',
    ).optional(),
  },
);
