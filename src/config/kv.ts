/**
 * The part of the config table that is about key/value stores: `kv` of a network, `replicate` of a route, `sharedMemory` of a node.
 */
import { kvUrl } from './forms.ts';
import { anyText, group, milliseconds, seconds, size, text } from './kinds.ts';
import { serverTls } from './schema-tls.ts';

export const kvStore = group('A key/value server, for copies of stored responses.', {
  url: text(
    'Where it is. `redis` (or `rediss` with TLS) stands for Redis and Valkey, `nats` (or `tls`) for NATS with JetStream. Servers of one NATS cluster are separated by commas.',
    {
      expected: "a URL such as 'redis://10.0.0.5:6379' or 'nats://10.0.0.5:4222', without user name and path",
    },
    kvUrl,
  ),
  user: anyText('Name to log in with.', {
    expected: 'a name',
    otherwise: 'the server’s default user',
  }).optional(),
  password: anyText('Password to log in with.', {
    expected: 'a password',
    otherwise: 'no log-in',
  }).optional(),
  tls: serverTls.optional(),
  timeoutMs: milliseconds('For a look-up; then the parent is asked instead.', { atLeast: 1 }).prefault(50),
  lifetimeS: seconds('The longest time that anything is kept there.', { atLeast: 1 }).prefault('1d'),
  queueBytes: size('Bodies on their way there, all together. What finds no room is not copied.', {
    atLeast: 65_536,
  }).prefault('64 MiB'),
});

const copyBytes = (standard: '16 MiB' | '256 KiB') =>
  size('One body. A longer one is not copied.', { atLeast: 1024 }).prefault(standard);

export const replicate = group(
  'Copies what PoPs and shields store of this route to the store that is `near` each, and looks there before asking a parent. No effect on nodes without one.',
  { objectBytes: copyBytes('16 MiB') },
);

/** @param store the name of a store. */
export const sharedMemory = <Name extends ReturnType<typeof text>>(store: Name) =>
  group(
    'A memory tier that several nodes share: a store in `kv` that is looked at before the parent is asked, whatever the route.',
    { store, objectBytes: copyBytes('256 KiB') },
  );
