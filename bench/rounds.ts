/**
 * One case, all servers, round after round. All servers run all the time; in each round each of them is measured
 * once, in an order that turns by one from round to round, so that whatever the machine does in the meantime
 * meets all of them alike.
 */
import { type CpuWindow, FOREIGN_LIMIT, watchCpu } from './cpu.ts';
import { type Figure, figureNames, figureRow, type Sample, type Spreads } from './figures.ts';
import type { LoadGenerator, Target } from './load/load.ts';
import type { Peer, Running, Wire } from './peers/peer.ts';
import { emptyLog, proveHit, proveLogged } from './proofs.ts';
import { ratio, type Spread, spread } from './statistics.ts';
import type { Row, Run } from './suite.ts';
import type { Body, Upstream } from './upstream.ts';

export interface Case {
  readonly title: string;
  readonly wire: Wire;
  readonly body: Body;
  readonly connections: number;
  /** On each connection. */
  readonly streams: number;
}

/** A peer that has been started. */
export interface Contender {
  readonly peer: Peer;
  readonly running: Running;
}

/** One row for each contender, in the order given. */
export async function runCase(
  run: Run,
  each: Case,
  generator: LoadGenerator,
  contenders: readonly Contender[],
  upstream: Upstream,
): Promise<Row[]> {
  const samples = new Map<string, Sample[]>();
  const absent = new Map<string, Pick<Row, 'absent' | 'failed'>>();

  for (let round = 0; round < run.rounds; round++) {
    for (const { peer, running } of turned(contenders, round)) {
      const base = running.on[each.wire];
      if (typeof base !== 'string') absent.set(peer.name, { absent: base.because });
      if (typeof base !== 'string' || absent.has(peer.name)) continue;
      try {
        const sample = await undisturbed(() => measure(run, each, generator, running, base, upstream));
        samples.set(peer.name, [...(samples.get(peer.name) ?? []), sample]);
        const rate = Math.round(sample.requestsPerSecond);
        run.progress(`${each.title}, round ${round + 1} of ${run.rounds}: ${peer.label}, ${rate}/s`);
      } catch (cause) {
        if (run.scratch.ended) throw new Error('Stopped.', { cause });
        // The others' figures are still worth having; this one's row says what happened.
        absent.set(peer.name, {
          absent: cause instanceof Error ? cause.message : String(cause),
          failed: true,
        });
        run.progress(`${each.title}, round ${round + 1} of ${run.rounds}: ${peer.label} failed`);
      }
    }
  }

  const spreads = new Map<string, Spreads>();
  for (const [name, taken] of samples) if (!absent.has(name)) spreads.set(name, spreadsOf(taken));
  return contenders.map(({ peer }) => ({
    case: each.title,
    peer: peer.name,
    label: peer.label,
    ...absent.get(peer.name),
    ...compared(peer, spreads),
  }));
}

/** The list, beginning at another place. */
export function turned<T>(list: readonly T[], by: number): T[] {
  const at = by % Math.max(1, list.length);
  return [...list.slice(at), ...list.slice(0, at)];
}

/** How often a measurement is taken at most for one that nobody disturbed. */
const ATTEMPTS = 3;

/** Takes a measurement again if others had the cores meanwhile; the least disturbed counts, whatever it says. */
async function undisturbed(take: () => Promise<Sample>): Promise<Sample> {
  let best = await take();
  for (let attempt = 1; attempt < ATTEMPTS && best.foreign > FOREIGN_LIMIT; attempt++) {
    const again = await take();
    if (again.foreign < best.foreign) best = again;
  }
  if (best.requestsPerSecond === 0) throw new Error('no answer at all');
  return best;
}

async function measure(
  { cores, seconds }: Run,
  { wire, body, connections, streams }: Case,
  generator: LoadGenerator,
  running: Running,
  base: string,
  upstream: Upstream,
): Promise<Sample> {
  const target: Target = { url: base + body.path, connections, streams, seconds };
  await proveHit(running, base, body, wire);
  const askedBefore = upstream.requests();
  await generator.warmUp(target, cores.load);
  if (running.accessLog) emptyLog(running.accessLog);

  let watching: Promise<CpuWindow> | undefined;
  const load = await generator.measure(target, cores.load, (pid, fromMs, toMs) => {
    watching = watchCpu(running.pid, pid, cores, fromMs, toMs);
  });
  const cpu = await watching;
  if (!cpu) throw new Error('nobody watched the processor');

  if (upstream.requests() !== askedBefore) throw new Error('the upstream was asked during the measurement');
  if (running.accessLog) proveLogged(running.accessLog, load.requestsPerSecond * seconds);
  return {
    ...load,
    cpuMicros: (cpu.serverBusy * 1e6) / load.requestsPerSecond,
    serverBusy: cpu.serverBusy,
    loadBusy: cpu.loadBusy,
    foreign: cpu.foreign,
  };
}

function spreadsOf(samples: readonly Sample[]): Spreads {
  const entries = figureNames.map((figure) => [figure, spread(samples.map((sample) => sample[figure]))]);
  return Object.fromEntries(entries) as Spreads; // `fromEntries` forgets that all names are there.
}

function compared(peer: Peer, spreads: ReadonlyMap<string, Spreads>): Pick<Row, 'figures' | 'against'> {
  const own = spreads.get(peer.name);
  if (!own) return {};
  const worth = figureNames.filter((figure) => figureRow(figure).compared);
  const against: Record<string, Partial<Record<Figure, Spread>>> = {};
  for (const name of peer.against) {
    const other = spreads.get(name);
    if (other)
      against[name] = Object.fromEntries(worth.map((figure) => [figure, ratio(own[figure], other[figure])]));
  }
  return { figures: own, against };
}
