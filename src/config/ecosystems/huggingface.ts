/** Parameters of a route for models and data sets. */
import { oneOf } from '../kinds.ts';
import { registry } from '../schema-registry.ts';

export const huggingface = registry(
  'Models and data sets, for `huggingface_hub`, `@huggingface/hub` and everything that reads `HF_ENDPOINT`.',
  'huggingface.co',
  {
    gated: oneOf(
      'What an upstream gives for its `authorization` and not to everybody: files of gated repositories, and all of private ones. `refuse`: nobody gets it but who shows a token of the Hub of his own. `share`: whoever may use the route gets it.',
      ['refuse', 'share'],
    ).prefault('refuse'),
  },
);
