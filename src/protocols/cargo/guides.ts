/** How cargo is pointed at a route. */
import type { ClientGuide, RouteAddress } from '../../guide.ts';

export function guides({ url }: RouteAddress): readonly ClientGuide[] {
  const index = `"sparse+${url}/"`;
  return [
    {
      ...{ id: 'cargo', title: 'Cargo' },
      setUp: [
        {
          do: 'set',
          file: {
            path: '.cargo/config.toml',
            form: 'toml',
            settings: [
              { section: 'registries.meridian', key: 'index', value: index },
              { section: 'source.crates-io', key: 'replace-with', value: '"meridian"' },
            ],
          },
          why: 'Crates then come from this network. Crates of its own are published to it, and named in Cargo.toml, with `registry = "meridian"`.',
        },
      ],
      trust: url.startsWith('https:')
        ? [
            {
              do: 'run',
              command: 'export CARGO_HTTP_CAINFO=/path/to/ca.pem',
              why: 'Only where the certificate of this address is from an authority of your own: names the file of that authority.',
            },
          ]
        : [],
      logIn: [
        {
          do: 'run',
          command: 'cargo login --registry meridian',
          why: 'Asks for a token (`meridian token create`), and keeps it in ~/.cargo/credentials.toml.',
        },
      ],
      check: [
        {
          do: 'run',
          command: 'cargo search --registry meridian serde',
          why: 'Tells of crates that are found through the network.',
        },
      ],
      undo: [
        {
          do: 'run',
          command: 'meridian setup cargo --undo',
          why: 'Puts back what the file said before; by hand, take the lines out again.',
        },
      ],
      install: `cargo add {package} --config 'registries.meridian.index=${index}' --config 'source.crates-io.replace-with="meridian"'`,
    },
  ];
}
