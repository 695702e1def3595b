/** How the go command is pointed at a route. */
import type { ClientGuide, RouteAddress } from '../../guide.ts';

export function guides({ url }: RouteAddress): readonly ClientGuide[] {
  const { host } = new URL(url);
  return [
    {
      ...{ id: 'go', title: 'Go' },
      setUp: [
        {
          do: 'set',
          file: { path: '.config/go/env', form: 'ini', settings: [{ key: 'GOPROXY', value: url }] },
          why: 'Modules then come from this network, and from nowhere else. `go env -w GOPROXY=…` writes the same, wherever the file is.',
        },
        {
          do: 'run',
          command: 'go env -w GONOSUMDB=example.com/team/*',
          why: 'With the names of modules that live in this network, which no public checksum database knows. Not needed without any.',
        },
      ],
      trust: url.startsWith('https:')
        ? [
            {
              do: 'run',
              command: 'export SSL_CERT_FILE=/path/to/ca.pem',
              why: 'Only where the certificate of this address is from an authority of your own: names the file of that authority.',
            },
          ]
        : [],
      logIn: [
        {
          do: 'run',
          command: `printf 'machine %s login token password %s\\n' ${host.replace(/:\d+$/, '')} "$TOKEN" >> ~/.netrc && chmod 600 ~/.netrc`,
          why: 'With a token in TOKEN (`meridian token create`). Go sends it over TLS alone.',
        },
      ],
      check: [{ do: 'run', command: 'go env GOPROXY', why: `Says ${url}.` }],
      undo: [
        {
          do: 'run',
          command: 'meridian setup go --undo',
          why: 'Puts back what the file said before; by hand, `go env -u GOPROXY`.',
        },
      ],
      install: `GOPROXY=${url} go get {package}`,
    },
  ];
}
