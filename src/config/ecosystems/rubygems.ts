/** Parameters of a route for gems. */
import { registry } from '../schema-registry.ts';

export const rubygems = registry('Gems, for gem and Bundler.', 'rubygems.org', {});
