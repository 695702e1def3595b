/** How files are fetched from a route, and put there. */
import type { ClientGuide, RouteAddress } from '../../guide.ts';
import { run, trustBy } from '../guiding.ts';

export function guides({ url }: RouteAddress): readonly ClientGuide[] {
  const trust = trustBy(url, 'CURL_CA_BUNDLE');
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
