/** The parameters of a node's access log, a part of the table in `schema.ts`. */
import { anyText, count, flag, group, list, milliseconds, oneOf, path } from './kinds.ts';

export const accessLog = group(
  'One line for each request. Credentials never get into it: values of secret-looking parameters, tokens in paths, user names and passwords in URLs are written as `…`.',
  {
    format: oneOf(
      'How a line is written: as JSON, in the combined format of Apache and NGINX, or for people to read.',
      ['json', 'combined', 'text', 'off'],
    ).prefault('json'),
    path: path(
      'A file, relative to the config file, or `stdout`. A file is rotated at 64 MiB; two old ones are kept.',
      "`access.log` in the node's `dataDir`",
    ).optional(),
    samplePercent: count(
      'Of a hundred requests, so many have a line: the same ones at all tiers. Besides, all that fail (status 400 and above) or are slow.',
      0,
      100,
    ).prefault(100),
    slowMs: milliseconds('A request that takes so long to the head of its answer is slow.').prefault(1000),
    addresses: oneOf(
      'What is written of a client’s address: `network` is the first 24 bits of an IPv4 address, the first 48 of an IPv6 one.',
      ['whole', 'network', 'none'],
    ).prefault('whole'),
    query: oneOf('What is written of a query: `names` of its parameters, without their values.', [
      'whole',
      'names',
      'none',
    ]).prefault('whole'),
    hide: list(
      'Names of parameters whose values are hidden, too.',
      anyText('The name of a parameter, in capitals or not.', { expected: "a name, such as 'email'" }),
    ).prefault([]),
    hideRestricted: flag('Hides the path of what not everybody may read.').prefault(false),
  },
);
