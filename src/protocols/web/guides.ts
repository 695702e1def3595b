/** How whatever speaks HTTP is pointed at a route: its address in place of the upstream's is all there is to it. */
import type { ClientGuide, RouteAddress } from '../../guide.ts';

export function guides({ url }: RouteAddress): readonly ClientGuide[] {
  const trust = url.startsWith('https:')
    ? ([
        {
          do: 'run',
          command: 'export CURL_CA_BUNDLE=/path/to/ca.pem',
          why: 'Only where the certificate of this address is from an authority of your own: names the file of that authority.',
        },
      ] as const)
    : [];
  return [
    {
      id: 'curl',
      title: 'curl, and any other HTTP client',
      setUp: [
        {
          do: 'run',
          command: `curl -fL ${url}/`,
          why: 'The path behind the address is that of the upstream.',
        },
      ],
      trust,
      logIn: [
        {
          do: 'run',
          command: `curl -fL -H "Authorization: Bearer $MERIDIAN_TOKEN" ${url}/`,
          why: 'Where not everybody may read: with a token of this network.',
        },
      ],
      check: [
        {
          do: 'run',
          command: `curl -sI ${url}/ | grep -i cache-status`,
          why: 'Says which caches have answered.',
        },
      ],
      undo: [],
    },
  ];
}
