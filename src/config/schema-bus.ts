/** The parameters of the bus, a part of the table in `schema.ts`. */
import { z } from 'zod';
import * as forms from './forms.ts';
import { anyText, count, group, list, milliseconds, path, rows, seconds, text } from './kinds.ts';
import { serverTls } from './schema-tls.ts';

const keep = group(
  'How much of each log is kept, for nodes that were away. Whoever was away for longer is told so.',
  {
    events: count('Events of one subject.', 1000, 100_000_000).prefault(1_000_000),
    ageS: seconds('Older ones are dropped.', { atLeast: 60 }).prefault('7d'),
  },
);

const publishMs = milliseconds('For an event to be taken, until it counts as failed.', {
  atLeast: 10,
}).prefault(5000);

const busPrefix = text(
  'Begins the names of everything that the network keeps there.',
  { expected: 'a name of letters, digits, dashes and underscores', otherwise: 'the name of the network' },
  forms.busPrefix,
).optional();

const word = (means: string) =>
  anyText(means, { expected: 'text that is not empty', otherwise: 'none is sent' });

export const busServer = (means: string) =>
  text(
    means,
    { expected: "an address such as 'nats://10.0.0.1:4222' or 'redis://10.0.0.1:6379', without user name" },
    forms.busUrl,
  );

export const bus = z
  .discriminatedUnion('driver', [
    group('Nodes on one machine: a file.', {
      driver: z.literal('local'),
      path: path(
        'The file, relative to the config file.',
        '`bus/log.sqlite` in the network’s `dataDir`',
      ).optional(),
      keep: keep.prefault({}),
      publishMs,
    }),
    group('Nodes anywhere: NATS with JetStream.', {
      driver: z.literal('nats'),
      servers: list('Servers; any of them will do.', busServer('Server.')).min(
        1,
        'a list of at least one server',
      ),
      user: word('User name.').optional(),
      password: word('Password.').optional(),
      token: word('Token, instead of a user name.').optional(),
      credentials: word('Content of a `.creds` file, instead of a user name.').optional(),
      tls: serverTls.optional(),
      domain: text(
        'JetStream domain that holds the logs, where nodes talk to leaf nodes of it.',
        { expected: 'a name of letters, digits, dashes and underscores', otherwise: 'that of the servers' },
        forms.busPrefix,
      ).optional(),
      prefix: busPrefix,
      replicas: count('Servers that keep a copy of each log: 3 survive the loss of one.', 1, 5).prefault(1),
      keep: keep.prefault({}),
      publishMs,
    }),
    group('Nodes anywhere: Redis 7 or Valkey.', {
      driver: z.literal('redis'),
      url: busServer('Server; `rediss:` speaks TLS.'),
      user: word('User name.').optional(),
      password: word('Password.').optional(),
      tls: serverTls.optional(),
      prefix: busPrefix,
      keep: keep.prefault({}),
      publishMs,
    }),
  ])
  .register(rows, {
    means: 'How the nodes tell each other what has changed ([bus](../bus.md)).',
    expected: 'a bus, such as nats({ … }), redis({ … }) or local()',
    type: 'group',
    otherwise: '`local()`',
  });
