/** Parameters of a route for charts. */
import { registry } from '../schema-registry.ts';

export const helm = registry('Charts, for helm, in repositories with an `index.yaml`.', 'none', {});
