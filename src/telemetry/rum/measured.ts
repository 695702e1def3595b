/**
 * What becomes of beacons at a PoP: metrics by PoP and kind, percentiles of the last minutes by PoP and by client network.
 * No address is kept, only the block that it lies in.
 */
import type { Clock } from '../../clock.ts';
import { blockOf } from '../../http/cidr.ts';
import { type RumReport, reportedNetworks, type TimingKind, timingKinds } from '../../messages/rum.ts';
import type { Registry } from '../metrics/registry.ts';
import type { Beacon, Timing } from './beacon.ts';
import { Digest, short } from './digest.ts';
import { openNetworks } from './networks.ts';

/** After this time, a timing counts half as much. */
const halfLifeMs = 600_000;
const fadeEveryMs = 30_000;

export interface Measured {
  /**
   * @param address the client's.
   * @param isPop whether the network has a PoP of this name: what names another one is left out.
   * @returns how many of its timings were taken in.
   */
  record(beacon: Beacon, address: string, isPop: (name: string) => boolean): number;
  count(outcome: 'taken' | 'refused' | 'limited' | 'unwanted'): void;
  /** `null` where nothing was told lately. */
  report(): RumReport | null;
}

interface OfPop {
  readonly digest: Digest;
  bytes: number;
  downloadS: number;
}

export function openMeasured(registry: Registry, clock: Clock): Measured {
  const pops = new Map<string, OfPop>();
  const networks = openNetworks();
  let fadedMs = clock.elapsed();

  function fade(): void {
    const sinceMs = clock.elapsed() - fadedMs;
    if (sinceMs < fadeEveryMs) return;
    fadedMs += sinceMs;
    const by = 2 ** (-sinceMs / halfLifeMs);
    networks.fade(by);
    for (const pop of pops.values()) {
      pop.digest.fade(by);
      pop.bytes *= by;
      pop.downloadS *= by;
    }
  }

  function ofPop(name: string): OfPop {
    const known = pops.get(name);
    if (known !== undefined) return known;
    const made = { digest: new Digest(), bytes: 0, downloadS: 0 };
    pops.set(name, made);
    return made;
  }

  function take(timing: Timing, network: string | undefined): void {
    const { pop, download, bytes } = timing;
    const told = timesIn(timing);
    const own = ofPop(pop);
    for (const [kind, ms] of told) {
      registry.histogram('meridian.rum.duration', pop, kind).record(ms / 1000);
      own.digest.record(kind, ms);
    }
    if (download !== undefined && bytes !== undefined) {
      own.bytes += bytes;
      own.downloadS += download / 1000;
    }
    if (network !== undefined) networks.record(network, pop, told);
  }

  return {
    record({ timings }, address, isPop) {
      fade();
      const network = blockOf(address, { ipv4: 24, ipv6: 48 });
      const known = timings.filter(({ pop }) => isPop(pop));
      for (const timing of known) take(timing, network);
      return known.length;
    },
    count(outcome) {
      registry.counter('meridian.rum.beacons', outcome).value++;
    },
    report() {
      fade();
      if (pops.size === 0) return null;
      const told = [...pops].map(([pop, { digest, bytes, downloadS }]) => [
        pop,
        {
          buckets: digest.read() as RumReport['pops'][string]['buckets'],
          bytes,
          downloadS: short(downloadS),
        },
      ]);
      const top = networks.top(reportedNetworks);
      return { pops: Object.fromEntries(told), networks: top as RumReport['networks'] };
    },
  };
}

function timesIn(timing: Timing): [TimingKind, number][] {
  return timingKinds.flatMap((kind): [TimingKind, number][] => {
    const ms = timing[kind];
    return ms === undefined ? [] : [[kind, ms]];
  });
}
