/** The parameters of predictions, a part of the table in `schema.ts`. */
import { count, flag, group, seconds, size } from './kinds.ts';

export const predict = group(
  'What a PoP fetches because its clients are going to ask for it next, as far as that can be known; `false`: nothing. It takes what clients’ own requests leave, and turns itself down when too little of it is used.',
  {
    atOnce: count('Objects that a worker fetches so at once, at most.', 1, 512).prefault(128),
    bytesPerS: size(
      'For a worker, on average.',
      { atLeast: 1024 },
      'as fast as the way to the parent bears it',
    ).optional(),
    roomPercent: count(
      'Share of `disk.bytes` (of `memory.bytes` without a disk) that all may take together that nobody has come for yet.',
      1,
      50,
    ).prefault(10),
    objectBytes: size('What is longer is not fetched on a guess.', { atLeast: 1024 }).prefault('1GiB'),
    usableS: seconds('What nobody has come for within this time was fetched in vain.', {
      atLeast: 10,
      atMost: 86_400,
    }).prefault('5m'),
    precisionPercent: count(
      'Of what is fetched, so much shall be used: below it, only what is likelier is fetched.',
      10,
      99,
    ).prefault(80),
    learn: flag(
      'Learns what follows what, and what is asked for at which time of day, and remembers it over restarts.',
    ).prefault(true),
    renew: flag(
      'Has what is in steady use confirmed before it is too old to be served at once, so that nobody waits for that.',
    ).prefault(true),
  },
);
