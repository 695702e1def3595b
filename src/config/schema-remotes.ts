/** The parameters of an origin's manners towards the servers beyond the network, a part of the table in `schema.ts`. */
import { count, group, milliseconds, seconds } from './kinds.ts';

export const remotes = group('What an origin asks of one upstream server (scheme, host and port) at most.', {
  connections: count('Requests at once: each has a connection of its own.', 1, 65_536).prefault(1024),
  pending: count(
    'Requests that wait for one of these connections, each route in its turn; beyond it, they fail with 503.',
    1,
    65_536,
  ).prefault(1024),
  perSecond: count('Requests a second. Without it, there is no such limit.', 1, 1_000_000).optional(),
  burst: count('So many of them at once, after a quiet time.', 1, 1_000_000).prefault(10),
  waitMs: milliseconds(
    'A request may wait so long for its turn within `perSecond`; else something stale is served, or 503.',
  ).prefault(2000),
  pauseS: seconds(
    'A server that answers 429 or 503 with `Retry-After` is left alone until then, by every origin of the network, but not for longer than this.',
  ).prefault('5m'),
});
