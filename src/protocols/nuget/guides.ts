/** How dotnet and NuGet are pointed at a route. */
import type { ClientGuide, RouteAddress, Step } from '../../guide.ts';
import { run } from '../guiding.ts';

export function guides({ url, route }: RouteAddress): readonly ClientGuide[] {
  const source = `${url}/v3/index.json`;
  const isPlain = source.startsWith('http:');
  const plainly = isPlain ? ' allowInsecureConnections="true"' : '';
  const key = `meridian-${route}`;
  return [
    {
      ...{ id: 'nuget', title: 'dotnet and NuGet', trust: trustOf(isPlain) },
      setUp: [
        {
          do: 'set',
          file: {
            ...{ path: '.nuget/NuGet/NuGet.Config', form: 'xml' },
            settings: [
              {
                ...{ section: 'configuration/packageSources', key: `key="${key}"` },
                value: `<add key="${key}" value="${source}" protocolVersion="3"${plainly} />`,
              },
            ],
          },
          why: 'Packages then come from this network. Take other sources out of the list, or they are asked, too.',
        },
      ],
      logIn: [
        run(
          `dotnet nuget update source ${key} --username name --password <token> --store-password-in-clear-text`,
          'Keeps a token for this source, for reading.',
        ),
        run(`dotnet nuget push <package> --source ${key} --api-key <token>`, 'Publishes a package.'),
      ],
      check: [run('dotnet nuget list source', `Says ${source}.`)],
      undo: [
        run(
          'meridian setup nuget --undo',
          'Puts back what the file said before; by hand, take the element out again.',
        ),
      ],
      install: `dotnet add package {name} --version {version} --source ${source}`,
    },
  ];
}

function trustOf(isPlain: boolean): readonly Step[] {
  if (isPlain) return [];
  return [
    run(
      'export SSL_CERT_FILE=/path/to/ca.pem',
      'Only where the certificate of this address is from an authority of your own: names the file of that authority. On Windows, add it to the store of the system.',
    ),
  ];
}
