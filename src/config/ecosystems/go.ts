/** Parameters of a route for Go modules. */
import { registry } from '../schema-registry.ts';

export const go = registry(
  'Go modules, for go.',
  'the Go team’s module mirror, or what this machine’s go is set to (`go env GOPROXY`)',
  {},
);
