/** Parameters of a route for Go modules. */
import { checksumDatabase } from '../forms.ts';
import { text } from '../kinds.ts';
import { registry } from '../schema-registry.ts';

export const go = registry(
  'Go modules, for go.',
  'the Go team’s module mirror, or what this machine’s go is set to (`go env GOPROXY`)',
  {
    sumdb: text(
      'Checksum database that the origin compares modules with before it gives them out, asked through the upstream. `off`: none; then a version is what it was when it was first seen.',
      { expected: "the name of a checksum database, such as 'sum.example.com', or 'off'" },
      checksumDatabase,
    ).prefault('sum.golang.org'),
  },
);
