/** Parameters of a route for models and data sets. */
import { registry } from '../schema-registry.ts';

export const huggingface = registry(
  'Models and data sets, for `huggingface_hub`, `@huggingface/hub` and everything that reads `HF_ENDPOINT`.',
  'huggingface.co',
  {},
);
