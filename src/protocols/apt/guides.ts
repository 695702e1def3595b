/** How apt is pointed at a route. */
import type { ClientGuide, RouteAddress } from '../../guide.ts';
import { run } from '../guiding.ts';

const sources = '/etc/apt/sources.list.d/meridian.sources';

export function guides({ url }: RouteAddress): readonly ClientGuide[] {
  return [
    {
      id: 'apt',
      title: 'apt',
      setUp: [
        run(
          `. /etc/os-release && printf '%s\\n' 'Types: deb' 'URIs: ${url}/debian' "Suites: $VERSION_CODENAME $VERSION_CODENAME-updates" 'Components: main' 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' | sudo tee ${sources}`,
          'Debian comes from this network then, where the route has an upstream of the name debian. Signatures are those of Debian: nothing is changed on the way. Take out what you had before in /etc/apt/sources.list.d.',
        ),
        run(
          `curl -fsSL ${url}/<archive>/archive-key.asc | sudo tee /etc/apt/keyrings/<archive>.asc`,
          'For a suite that lives here: the key that it is signed with, for Signed-By in a file like the one above, with the name of the archive in the place of debian.',
        ),
      ],
      trust: url.startsWith('https:')
        ? [
            run(
              'sudo cp ca.pem /usr/local/share/ca-certificates/meridian.crt && sudo update-ca-certificates',
              'Only where the certificate of this address is from an authority of your own.',
            ),
          ]
        : [],
      logIn: [
        run(
          `printf 'machine %s login token password %s\\n' ${url} "$MERIDIAN_TOKEN" | sudo tee /etc/apt/auth.conf.d/meridian.conf && sudo chmod 600 /etc/apt/auth.conf.d/meridian.conf`,
          'Where not everybody may read: with a token of this network (apt_auth.conf(5)).',
        ),
      ],
      check: [run('sudo apt-get update', 'Names the addresses that it reads.')],
      undo: [
        run(`sudo rm -f ${sources} /etc/apt/auth.conf.d/meridian.conf`, 'Then put back what you had before.'),
      ],
      install: 'sudo apt-get install {name}={version}',
    },
  ];
}
