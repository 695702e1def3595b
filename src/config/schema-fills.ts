/** The parameters of fills, a part of the table in `schema.ts`. */
import { count, group, size } from './kinds.ts';

export const slices = group(
  'How ranges of large objects are fetched, where a protocol allows it (`web` does).',
  {
    fromBytes: size(
      'A range of a larger object does not bring in the whole, but only the slices that it touches.',
    ).prefault('64 MiB'),
    bytes: size(
      'One slice. It has to fit into `memory.objectBytes` or `disk.objectBytes`; where it does not, slices are smaller.',
      { atLeast: 65_536 },
    ).prefault('8 MiB'),
  },
);

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
