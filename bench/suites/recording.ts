/**
 * What it costs to record a request: the work that telemetry adds to a hit in memory, alone, without a server around it.
 */
import { join } from 'node:path';
import { number } from '../figures.ts';
import { capture } from '../process.ts';
import type { Run, Suite, SuiteReport } from '../suite.ts';
import type { Recording } from '../telemetry/recording.ts';

/** What a request may take, of processor time. */
const GOAL_NANOS = 1000;

export const recording: Suite = {
  name: 'recording',
  about: 'What it costs to record a hit in memory, in processor time. Goal: less than 1 µs per request.',
  cases: ['a hit in memory'],
  peers: [],
  defaults: { rounds: 5, seconds: 1 },
  run: runRecording,
};

async function runRecording(run: Run): Promise<SuiteReport> {
  const script = join(import.meta.dirname, '../telemetry/recording.ts');
  const path = join(run.scratch.directory('recording', 'memory'), 'access.log');
  const rounds: Recording[] = [];
  for (let round = 1; round <= run.rounds; round++) {
    run.progress(`round ${round}`);
    rounds.push(JSON.parse(await capture(process.execPath, script, path)) as Recording);
  }
  const median = (of: (one: Recording) => number) =>
    rounds.map(of).toSorted((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? 0;
  const all = median(({ accessLogNanos }) => accessLogNanos);
  const sampled = median(({ sampledNanos }) => sampledNanos);
  const address = median(({ addressNanos }) => addressNanos);
  const counted = median(({ popularityNanos }) => popularityNanos);
  const most = Math.max(counted, sampled);
  if (most >= GOAL_NANOS) throw new Error(`recording takes ${number(most, 0)} ns`);
  return {
    suite: recording.name,
    about: recording.about,
    versions: { Bun: Bun.version },
    proofs: [
      `The metrics of a hit take ${number(
        median(({ metricsNanos }) => metricsNanos),
        0,
      )} ns; with what is asked for most, and who asks, ${number(counted, 0)} ns: less than 1 µs.`,
      `With a line of the access log for one request of a hundred it is ${number(sampled, 0)} ns.`,
      `With a line for each, as JSON, to a file, it is ${number(all, 0)} ns, the writing included: ${all < GOAL_NANOS ? 'less' : 'more'} than 1 µs. To find out who asks is a call to the system on top, ${number(address, 0)} ns, unless the log says no addresses.`,
    ],
    subjects: [],
    rounds: run.rounds,
    seconds: run.seconds,
    figures: [],
    rows: [],
  };
}
