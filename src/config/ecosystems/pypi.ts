/** Parameters of a route for Python packages. */
import { registry } from '../schema-registry.ts';

export const pypi = registry(
  'Python packages, for pip, uv, Poetry, PDM and twine.',
  'PyPI, or what this machine’s pip is set to (`PIP_INDEX_URL`, `pip config get global.index-url`), without its credentials',
  {},
);
