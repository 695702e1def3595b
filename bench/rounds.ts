/**
 * One case, all servers, round after round. All servers run all the time; in each round each of them is measured
 * once, in an order that turns by one from round to round, so that whatever the machine does in the meantime
 * meets all of them alike.
 */
import { FOREIGN_LIMIT } from './cpu.ts';
import { type Figure, figureRow, type Sample, type Spreads } from './figures.ts';
import type { NotServed, Peer, Running } from './peers/peer.ts';
import { ratio, type Spread, spread } from './statistics.ts';
import type { Row, Run } from './suite.ts';

/** A peer that has been started. */
export interface Contender {
  readonly peer: Peer;
  readonly running: Running;
}

/** Takes one measurement of one server, or says why it has none to give. Throws when it goes wrong. */
export type Take = (running: Running, peer: Peer) => Promise<Sample | NotServed>;

/** One row for each contender, in the order given. */
export async function runCase(
  run: Run,
  title: string,
  contenders: readonly Contender[],
  take: Take,
): Promise<Row[]> {
  const samples = new Map<string, Sample[]>();
  const absent = new Map<string, Pick<Row, 'absent' | 'failed' | 'missed'>>();
  const failures = new Map<string, string[]>();

  for (let round = 0; round < run.rounds; round++) {
    for (const { peer, running } of turned(contenders, round)) {
      if (absent.has(peer.name)) continue;
      const progress = (how: string) =>
        run.progress(`${title}, round ${round + 1} of ${run.rounds}: ${peer.label}${how}`);
      try {
        const sample = await undisturbed(() => take(running, peer));
        if (isAbsent(sample)) {
          absent.set(peer.name, { absent: sample.because });
        } else {
          samples.set(peer.name, [...(samples.get(peer.name) ?? []), sample]);
          progress('');
        }
      } catch (cause) {
        if (run.scratch.ended) throw new Error('Stopped.', { cause });
        // The others' figures are still worth having; this one's row says what happened.
        const why = cause instanceof Error ? cause.message : String(cause);
        failures.set(peer.name, [...(failures.get(peer.name) ?? []), why]);
        progress(` failed: ${why}`);
      }
    }
  }

  const spreads = new Map<string, Spreads>();
  for (const [name, taken] of samples) if (!absent.has(name)) spreads.set(name, spreadsOf(taken));
  for (const [name, [why = '', ...more]] of failures) {
    const missed = `${1 + more.length} of ${run.rounds} rounds failed: ${why}`;
    absent.set(name, samples.has(name) ? { missed, failed: true } : { absent: why, failed: true });
  }
  return contenders.map(({ peer }) => ({
    case: title,
    peer: peer.name,
    label: peer.label,
    ...absent.get(peer.name),
    ...compared(peer, spreads),
  }));
}

function isAbsent(sample: Sample | NotServed): sample is NotServed {
  return 'because' in sample;
}

/** The list, beginning at another place. */
function turned<T>(list: readonly T[], by: number): T[] {
  const at = by % Math.max(1, list.length);
  return [...list.slice(at), ...list.slice(0, at)];
}

/** How often a measurement is taken at most for one that nobody disturbed. */
const ATTEMPTS = 3;
/** What has taken longer than this, with its preparation, is not taken again: rounds are for that. */
const LONG_MS = 5_000;

/** Takes a measurement again if others had the cores meanwhile; the least disturbed counts, whatever it says. */
async function undisturbed(take: () => Promise<Sample | NotServed>): Promise<Sample | NotServed> {
  const startedMs = performance.now();
  let best = await take();
  if (performance.now() - startedMs > LONG_MS) return best;
  for (let attempt = 1; attempt < ATTEMPTS && disturbance(best) > FOREIGN_LIMIT; attempt++) {
    const again = await take();
    if (disturbance(again) < disturbance(best)) best = again;
  }
  return best;
}

function disturbance(sample: Sample | NotServed): number {
  return isAbsent(sample) ? 0 : (sample.foreign ?? 0);
}

function spreadsOf(samples: readonly Sample[]): Spreads {
  const [first = {}] = samples;
  const names = Object.keys(first) as Figure[];
  return Object.fromEntries(
    names.map((figure) => [figure, spread(samples.map((sample) => sample[figure] ?? Number.NaN))]),
  );
}

function compared(peer: Peer, spreads: ReadonlyMap<string, Spreads>): Pick<Row, 'figures' | 'against'> {
  const own = spreads.get(peer.name);
  if (!own) return {};
  const against: Record<string, Partial<Record<Figure, Spread>>> = {};
  for (const name of peer.against) {
    const other = spreads.get(name);
    if (!other) continue;
    const quotients: Partial<Record<Figure, Spread>> = {};
    for (const [figure, value] of Object.entries(own) as [Figure, Spread][]) {
      const theirs = other[figure];
      if (figureRow(figure).compared && theirs) quotients[figure] = ratio(value, theirs);
    }
    against[name] = quotients;
  }
  return { figures: own, against };
}
