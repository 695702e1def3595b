/** The parameters of what nodes always have, a part of the table in `schema.ts`. */
import * as forms from './forms.ts';
import { flag, group, label, list, seconds, text } from './kinds.ts';

const what = text(
  'A version of a package (`lodash@4.17.21`), a tag of one where there are tags (`lodash@latest`), an image (`acme/app:v1`), or the path of an address with its query (`/npm/lodash`).',
  {
    expected:
      "a package with its version, an image, or a path, such as 'lodash@latest', 'acme/app:v1' or '/files/tool.tgz'",
  },
  (value) => (/^[\x21-\x7e]{1,2048}$/.test(value) ? value : undefined),
);

export const warm = group(
  'What nodes always have before anybody asks for it. The origin follows it: what it stands for is found out anew when something has changed, and now and then.',
  {
    route: label('Name of the route that it is of.'),
    what: list('What they have.', what)
      .min(1, 'a list of at least one thing')
      .max(5_000, 'a list of at most 5000 things'),
    to: list(
      'Names of PoPs and shields, where `*` stands for any text: `pop-eu-*`.',
      text('Nodes.', { expected: "names of nodes, such as 'pop-eu-*'" }, forms.nodePattern),
    ).min(1, 'a list of at least one name'),
    platforms: list(
      'Of an image index, the manifests for these, as `linux/amd64` or `linux/arm/v7`.',
      text('Platform.', { expected: "a platform, such as 'linux/amd64'" }, forms.platform),
      'all of them',
    ).prefault([]),
    indexes: flag('With what clients ask for that have no lock file, where that is something else.').prefault(
      false,
    ),
    everyS: seconds('How often it is found out anew at the latest.', { atLeast: 1 }).prefault('15m'),
  },
);
