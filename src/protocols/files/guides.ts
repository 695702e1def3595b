/** How files are fetched from a route, and put there. */
import type { ClientGuide, RouteAddress, Step } from '../../guide.ts';

export function guides({ url }: RouteAddress): readonly ClientGuide[] {
  const run = (command: string, why: string): Step => ({ do: 'run', command, why });
  const trust = url.startsWith('https:')
    ? [
        run(
          'export CURL_CA_BUNDLE=/path/to/ca.pem',
          'Only where the certificate of this address is from an authority of your own: names the file of that authority.',
        ),
      ]
    : [];
  return [
    {
      id: 'files',
      title: 'curl, wget, and any other HTTP client',
      setUp: [run(`curl -fLO ${url}/path/to/file`, 'Fetches a file; `-C -` goes on where it broke off.')],
      trust,
      logIn: [
        run(
          `curl -fLO -H "Authorization: Bearer $MERIDIAN_TOKEN" ${url}/path/to/file`,
          'Where not everybody may read: with a token of this network.',
        ),
        run(
          `curl -fT file -H "Authorization: Bearer $MERIDIAN_TOKEN" ${url}/path/to/file`,
          'Puts a file there, where the route has `hosted.names` for its path.',
        ),
      ],
      check: [run(`curl -sI ${url}/ | grep -i cache-status`, 'Says which caches have answered.')],
      undo: [],
      install: `curl -fLO ${url}/{package}`,
    },
  ];
}
