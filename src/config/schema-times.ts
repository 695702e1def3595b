/** The parameters that say how long something may be used, or goes on, a part of the table in `schema.ts`. */
import { count, group, seconds, size } from './kinds.ts';

const revalidateS = seconds(
  'What is wanted after this time is confirmed in the background, all the way to the upstream, though it is fresh: what is popular is never much older.',
  { atLeast: 1 },
).optional();

export const metadataTimes = group('How long package metadata is used. It says which versions there are.', {
  freshS: seconds('Without asking.').prefault('1m'),
  staleWhileRevalidateS: seconds('Beyond that, while asking in the background.').prefault('10m'),
  staleIfErrorS: seconds('Beyond that, when the upstream fails.').prefault('30d'),
  revalidateS,
});

export const responseTimes = group('Times for responses that say nothing themselves. Errors are not meant.', {
  freshS: seconds('Used without asking. One to five seconds make it a micro-cache.').optional(),
  shieldS: seconds(
    'The same at shields and origins, for what is purged when it changes: longer than `freshS`, after which a PoP asks its parent, and is told that it holds. So it may be this old wherever it is used.',
  ).optional(),
  staleWhileRevalidateS: seconds('Beyond that, used while asking in the background.').optional(),
  staleIfErrorS: seconds(
    'Beyond that, used when the server fails. Without it: for a day while the server cannot be reached at all, not when it answers with an error.',
  ).optional(),
  revalidateS,
});

export const purge = group('Purges, as they come over the bus.', {
  trustS: seconds(
    'A node that has been cut off from the bus for longer uses what it keeps only once its parent has confirmed it. So nothing is served that was purged longer ago than this, and a second.',
    { atLeast: 1 },
  ).prefault('30s'),
});

export const abandonedFills = group(
  'A fill whose clients have all left goes on when either of these holds. Else it is stopped.',
  {
    finishBytes: size(
      'No more than this is left to come. Of a body of unknown length: no more has come since the last client left.',
    ).prefault('64 MiB'),
    finishRequests: count(
      'So many requests asked for it, each within a minute of the one before.',
      1,
      1_000_000,
    ).prefault(3),
  },
);
