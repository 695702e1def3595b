/** How helm is pointed at a route, and what publishes to it. */
import type { ClientGuide, RouteAddress } from '../../guide.ts';
import { run } from '../guiding.ts';

export function guides({ url }: RouteAddress): readonly ClientGuide[] {
  const repository = `${url}/<repository>`;
  return [
    {
      id: 'helm',
      title: 'Helm',
      setUp: [
        run(
          `helm repo add <repository> ${repository}`,
          'With the name of a repository of the route, of an upstream or of your own. Charts in registries of images come by a route for containers.',
        ),
      ],
      trust: url.startsWith('https:')
        ? [
            run(
              `helm repo add <repository> ${repository} --ca-file /path/to/ca.pem`,
              'Only where the certificate of this address is from an authority of your own: names the file of that authority.',
            ),
          ]
        : [],
      logIn: [
        run(
          `helm repo add <repository> ${repository} --username token --password "$MERIDIAN_TOKEN"`,
          'Where not everybody may read: with a token of this network.',
        ),
      ],
      check: [run('helm repo update && helm search repo <repository>/', 'Lists the charts.')],
      undo: [run('helm repo remove <repository>', 'Forgets the address, and what was read from it.')],
      install: 'helm pull <repository>/{name} --version {version}',
    },
    {
      id: 'helm-push',
      title: 'Publishing charts',
      setUp: [
        run('helm package ./chart', 'Packs the chart.'),
        run(
          `curl -fsS -H "Authorization: Bearer $MERIDIAN_TOKEN" --data-binary @chart-1.0.0.tgz ${repository}/api/charts`,
          'As ChartMuseum takes it. The plugin helm-push does the same: helm cm-push ./chart <repository>.',
        ),
      ],
      trust: [],
      logIn: [],
      check: [run(`curl -fsS ${repository}/api/charts`, 'Lists what is there.')],
      undo: [],
    },
  ];
}
