/** The parameters of what a node fetches because it is told to have it, a part of the table in `schema.ts`. */
import { count, group, size } from './kinds.ts';

export const prefetch = group(
  'How a PoP or a shield fetches what it is told to have before anybody asks for it, as by `replication` of a route for containers.',
  {
    atOnce: count('Objects that a worker fetches so at once.', 1, 64).prefault(4),
    bytesPerS: size(
      'For a worker, on average: between objects, and not within one.',
      { atLeast: 1024 },
      'as fast as they come',
    ).optional(),
    diskPercent: count(
      'Share of `disk.bytes` (of `memory.bytes` without a disk) that it may take; what was told last comes first. What is beyond that is left.',
      1,
      90,
    ).prefault(50),
  },
);
