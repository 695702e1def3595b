/** The parameters of real timings (`docs/rum.md`), a part of the table in `schema.ts`. */
import * as forms from './forms.ts';
import { count, group, list, text } from './kinds.ts';

export const rum = group(
  'Pages and commands may tell the PoPs how fast they are really served: `docs/rum.md`.',
  {
    origins: list(
      'Origins of pages that may, besides those that the PoP itself serves. `*`: any.',
      text('Origin.', { expected: "an origin such as 'https://www.example.com', or '*'" }, forms.pageOrigin),
    ).prefault([]),
    beaconsPerS: count(
      'Beacons that one process takes in; what is more is answered with 429.',
      1,
      10_000,
    ).prefault(100),
    clientBeaconsPerMinute: count('The same of one client address, or IPv6 /48.', 1, 10_000).prefault(60),
  },
);
