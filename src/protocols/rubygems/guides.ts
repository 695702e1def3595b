/** How `gem` and Bundler are pointed at a route. */
import type { ClientGuide, RouteAddress } from '../../guide.ts';
import { run, trustBy, undoOf } from '../guiding.ts';

export function guides({ url }: RouteAddress): readonly ClientGuide[] {
  const source = `${url}/`;
  // Bundler looks credentials up by the name of a host, without its port.
  const { hostname } = new URL(source);
  return [
    {
      ...{ id: 'gem', title: 'gem', trust: trustBy(source, 'SSL_CERT_FILE') },
      setUp: [
        {
          do: 'set',
          file: {
            ...{ path: '.gemrc', form: 'yaml' },
            settings: [{ key: ':sources', value: source, isItem: true }],
          },
          why: 'Gems then come from this network. Take other sources out of the list.',
        },
      ],
      logIn: [
        run(
          `export GEM_HOST_API_KEY=<token>`,
          'For pushing, with `gem push --host`. To read what needs a token, write it into the source: `https://name:token@…`.',
        ),
      ],
      check: [run(`gem sources`, `Says ${source}.`)],
      undo: undoOf('gem'),
      install: `gem install {name} --version {version} --clear-sources --source ${source}`,
    },
    {
      ...{ id: 'bundler', title: 'Bundler', trust: trustBy(source, 'BUNDLE_SSL_CA_CERT') },
      setUp: [
        {
          do: 'set',
          file: {
            ...{ path: '.bundle/config', form: 'yaml' },
            settings: [{ key: 'BUNDLE_MIRROR__ALL', value: `"${source}"` }],
          },
          why: 'Whatever a Gemfile names as its source, gems then come from this network. It stays out of Gemfile.lock.',
        },
      ],
      logIn: [
        run(
          `bundle config set --global ${hostname} name:<token>`,
          'Keeps a token for this address in ~/.bundle/config.',
        ),
      ],
      check: [run('bundle config get mirror.all', `Says ${source}.`)],
      undo: undoOf('bundler'),
    },
  ];
}
