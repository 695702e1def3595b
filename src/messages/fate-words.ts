/** What has become of something that was foreseen, for people. */
import type { Fate } from './predictions.ts';

export const fateInWords: Readonly<Record<Fate, string>> = {
  waiting: 'it is about to be fetched',
  coming: 'it is on its way, and nobody has come for it yet',
  here: 'it was fetched, and nobody has come for it yet',
  used: 'it was fetched, and a client has come for it',
  doubted: 'not fetched, as it is too unlikely for how good predictions have been lately',
  long: 'not fetched, as it is longer than `objectBytes`',
  room: 'not fetched, as there was no room (`roomPercent`)',
  late: 'not fetched, as it had waited for a minute',
  held: 'not fetched before it is clear which of several versions is wanted',
  failed: 'it could not be had',
  vain: 'it was fetched, and nobody came for it in time',
};
