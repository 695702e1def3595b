/** The parameters that say how a node gets on with its parents, a part of the table in `schema.ts`. */
import { count, group, milliseconds, seconds } from './kinds.ts';

export const failover = group(
  'How the node gets on with its parents when they fail, are slow, or come back.',
  {
    failures: count(
      'Failures in a row after which a parent is passed over, as long as there is another.',
      1,
      1000,
    ).prefault(5),
    ejectS: seconds('For so long, the first time; each further time it is longer, up to ten times.', {
      atLeast: 1,
    }).prefault('30s'),
    returnS: seconds(
      'A parent that comes back is asked for a growing share of the keys, and after this time for all of them.',
    ).prefault('30s'),
    checkS: seconds('Between two checks of a parent that nothing else is asked.', { atLeast: 1 }).prefault(
      '10s',
    ),
    checkDownMs: milliseconds('The same while it is down.', { atLeast: 50 }).prefault(1000),
    checkTimeoutMs: milliseconds('For the answer to a check.', { atLeast: 50 }).prefault(1000),
    silentMs: milliseconds(
      'A parent that owes answers and has given none for so long is checked. When it fails that, what it owes is asked of the next one.',
      { atLeast: 50 },
    ).prefault(500),
    retryPercent: count(
      'Of a hundred requests to parents, so many may be asked again of another one. What a parent was too dead to do any work for does not count.',
      0,
      100,
    ).prefault(20),
    retriesAtLeast: count('Within ten seconds, so many may be asked again in any case.', 0, 1000).prefault(3),
    hedgePercent: count(
      'Of a hundred requests, so many may be asked of the next parent as well, when the first takes longer than 95 of 100 of its answers did. 0: none.',
      0,
      100,
    ).prefault(5),
    hedgeAfterMs: milliseconds('But never sooner than this.', { atLeast: 1 }).prefault(10),
    connections: count('To one parent at once.', 1, 65_536).prefault(1024),
    pending: count(
      'Requests that wait for one of these connections; beyond it, they go to the next parent, or fail.',
      1,
      65_536,
    ).prefault(1024),
  },
);
