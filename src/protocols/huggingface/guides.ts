/** How clients of the Hub are pointed at a route: by one variable of their environment. */
import type { ClientGuide, RouteAddress } from '../../guide.ts';
import { run, trustBy } from '../guiding.ts';

export function guides({ url }: RouteAddress): readonly ClientGuide[] {
  const trust = trustBy(url, 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS');
  return [
    {
      id: 'hf',
      title: 'huggingface_hub, transformers, datasets and hf',
      setUp: [
        run(`export HF_ENDPOINT=${url}`, 'Models and data sets then come from this network.'),
        run(
          'export HF_HUB_DISABLE_XET=1',
          'Large files are then uploaded plainly; downloads are plain without it.',
        ),
        run(
          'export HF_HUB_DISABLE_IMPLICIT_TOKEN=1',
          'A token of the Hub is then shown only where it is asked for: whatever shows one goes past all caches.',
        ),
      ],
      trust,
      logIn: [
        run(
          'export HF_TOKEN=$MERIDIAN_TOKEN',
          'Where not everybody may read, and to upload: with a token of this network.',
        ),
      ],
      check: [
        run(
          `curl -sI ${url}/gpt2/resolve/main/config.json | grep -i x-repo-commit`,
          'Says which commit it is.',
        ),
      ],
      undo: [
        run(
          'unset HF_ENDPOINT HF_HUB_DISABLE_XET HF_HUB_DISABLE_IMPLICIT_TOKEN',
          'Models come from the Hub again.',
        ),
      ],
      install: `HF_ENDPOINT=${url} hf download {package}`,
    },
    {
      id: 'huggingface-js',
      title: '@huggingface/hub and @huggingface/transformers',
      setUp: [
        run(
          `node -e 'import("@huggingface/hub").then(({ modelInfo }) => modelInfo({ name: "gpt2", hubUrl: "${url}" })).then(console.log)'`,
          'Each call of @huggingface/hub takes this address as `hubUrl`; @huggingface/transformers as `env.remoteHost`.',
        ),
      ],
      trust,
      logIn: [
        run(
          'export HF_TOKEN=hf_$MERIDIAN_TOKEN',
          'Where not everybody may read, and to upload: these clients take no token that does not begin with hf_.',
        ),
      ],
      check: [
        run(`curl -sI ${url}/api/models/gpt2 | grep -i cache-status`, 'Says which caches have answered.'),
      ],
      undo: [],
    },
  ];
}
