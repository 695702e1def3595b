/** HTTP/1.1 with wrk, in the clear or over TLS. Its own summary has to be read by eye, so a script of ours writes the figures as JSON. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, pinned } from '../process.ts';
import type { Scratch } from '../scratch.ts';
import type { LoadGenerator, LoadResult, Target } from './load.ts';

/** Without a `request` or `response` function nothing of this runs while the answers come in. */
const SUMMARY = `done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\nsummary {"requests":%d,"micros":%d,"failures":%d,"p50Micros":%d,"p99Micros":%d}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.timeout + e.status,
    latency:percentile(50), latency:percentile(99)))
end
`;

/** Beyond it an answer counts as failed. Some servers take seconds for a long document. */
const LONGEST_SECONDS = 30;

/** Connecting, and the last answers, are left out of the time in which processor time is taken. */
const EDGE_SHARE = 0.05;

export function wrk(scratch: Scratch): LoadGenerator {
  const script = join(scratch.directory('wrk'), 'summary.lua');
  writeFileSync(script, SUMMARY);
  const command = ({ url, connections, seconds, headers = {} }: Target) => [
    ...['wrk', '--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`],
    ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ...['--timeout', `${LONGEST_SECONDS}s`, '--script', script, url],
  ];

  return {
    command: 'wrk',
    // Asked for its version, wrk ends with 1.
    version: async () => /wrk (\S+)/.exec(await capture('sh', '-c', 'wrk --version; true'))?.[1] ?? 'unknown',
    async warmUp(target, core) {
      await capture(...pinned(core, command({ ...target, seconds: 1 })));
    },
    async measure(target, core, measuring) {
      const child = Bun.spawn(pinned(core, command(target)), { stdout: 'pipe', stderr: 'inherit' });
      measuring(child.pid, target.seconds * 1000 * EDGE_SHARE, target.seconds * 1000 * (1 - EDGE_SHARE));
      return parse(await child.stdout.text());
    },
  };
}

interface Summary {
  readonly requests: number;
  readonly micros: number;
  readonly failures: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

export function parse(output: string): LoadResult {
  const json = /^summary (\{.*\})$/m.exec(output)?.[1];
  if (!json) throw new Error(`wrk gave no summary:\n${output}`);
  const { requests, micros, failures, p50Micros, p99Micros } = JSON.parse(json) as Summary;
  if (failures > 0) throw new Error(`${failures} failures among ${requests} answers`);
  return { requestsPerSecond: (requests / micros) * 1e6, p50Micros, p99Micros };
}
