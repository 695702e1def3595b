/**
 * Maven repositories, in the layout that Maven, Gradle, sbt, Ivy and Bazel read ("Maven 2"). Names are `group:artifact`. See README.md for the
 * files of this folder, and docs/protocols/maven.md for users.
 */
import { type Clock, systemClock } from '../../clock.ts';
import type { Ecosystem, Item, Pulling, Read } from '../registry/ecosystem.ts';
import { foresee, needs } from './ahead.ts';
import { mavenForesight } from './foresight.ts';
import { guides } from './guides.ts';
import { describe } from './hosted/describe.ts';
import { receive, write } from './hosted/receive.ts';
import { serve } from './hosted/serve.ts';
import { itemOf, placeOf } from './items.ts';
import { patternsOf, readPlace } from './place.ts';
import { type Pullers, pullArtifact, pullChecksum } from './pull-file.ts';
import { checksumOfList, pullBuilds, pullList } from './pull-list.ts';
import type { MavenSettings } from './settings.ts';
import { factsOf, openTimes } from './times.ts';
import { versions } from './version.ts';
import { openVouchers } from './vouch.ts';

export function maven(settings: MavenSettings, clock: Clock = systemClock): Ecosystem {
  const pullers = { vouchers: openVouchers(clock), times: openTimes(), checksums: settings.checksums };
  return {
    id: 'maven',
    title: 'Maven',
    read,
    write,
    pull: (item, at) => pull(item, pullers, at),
    serve,
    receive: (what, at) => receive(what, settings, at),
    facts: factsOf,
    order: versions,
    advisories: 'Maven',
    canonical: (name) => name,
    patterns: patternsOf,
    guides,
    needs,
    foresee,
    foresight: mavenForesight(),
    describe,
  };
}

function read(path: string): Read {
  const found = readPlace(path);
  if ('place' in found) return { as: 'item', item: itemOf(found.place) };
  if ('absent' in found) return { as: 'absent', why: `${found.absent}.` };
  return { as: 'malformed', why: `${found.malformed}.` };
}

function pull(item: Item, pullers: Pullers, at: Pulling) {
  const place = placeOf(item);
  switch (place.of) {
    case 'file':
      return pullArtifact(item, place, pullers, at);
    case 'list':
      return pullList(item, place, pullers.times, at);
    case 'builds':
      return pullBuilds(item, place, at);
    case 'checksum':
      return place.what.of === 'file'
        ? pullChecksum(item, place.what, place.by, pullers, at)
        : checksumOfList(item, place.what, place.by, at);
  }
}
