/** The parameters of hot objects, a part of the table in `schema.ts`. */
import { count, group, seconds } from './kinds.ts';

export const hot = group(
  'When the members of a ring keep copies of what another one owns, because it is asked for so often; `false`: never. Rates are those of all members together. Nothing of it happens at a node without other members.',
  {
    perSecond: count('An object with so many requests a second is hot.', 1, 1_000_000_000).prefault(10_000),
    cpuPercent: count(
      'So is one that takes so much of one worker’s processor time: the share that it has of the worker’s requests, of the time that the worker takes.',
      1,
      1000,
    ).prefault(80),
    risingFromPerSecond: count(
      'So is one whose rate has doubled within `keepS`, and is no less than this.',
      1,
      1_000_000_000,
    ).prefault(1000),
    viralPerSecond: count('With so many requests a second, all members keep it.', 1, 1_000_000_000).prefault(
      50_000,
    ),
    replicasAtLeast: count('Members that keep a copy of a hot object, beside its owner.', 1, 1000).prefault(
      3,
    ),
    replicasAtMost: count(
      'The same for one that is just not viral; between the two, by its rate.',
      1,
      1000,
    ).prefault(5),
    everyS: seconds('Between two looks at the rates.', { atLeast: 1, atMost: 60 }).prefault('5s'),
    nearRequests: count(
      'A member keeps a copy of what it has handed over so many times within `nearWithinS`, however hot that is elsewhere. 0: of hot objects alone.',
      0,
      100,
    ).prefault(3),
    nearWithinS: seconds('See `nearRequests`.', { atLeast: 1, atMost: 3600 }).prefault('10s'),
    copiesPercent: count(
      'Share of `memory.bytes` that all copies may have when it is full. What is free, they may have besides.',
      1,
      50,
    ).prefault(12),
    keepS: seconds('For so long an object stays hot after it last was.', { atLeast: 1 }).prefault('60s'),
  },
);
