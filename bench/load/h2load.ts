/**
 * HTTP/2 over TLS with h2load, in two runs. h2load knows no percentiles, but can write down every answer's time;
 * doing so costs it a tenth of its own speed, so the rate comes from one run and the latency from a shorter one.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { capture, pinned } from '../process.ts';
import type { Scratch } from '../scratch.ts';
import { percentile } from '../statistics.ts';
import type { LoadGenerator, LoadResult, Target } from './load.ts';

/** TLS handshakes and first requests: not measured. */
const WARM_UP_SECONDS = 0.5;
const LATENCY_SECONDS = 1;
const EDGE_SHARE = 0.05;

/** What both OpenSSL and BoringSSL choose first on a processor with AES instructions: the same for all peers. */
const CIPHER = 'TLS_AES_128_GCM_SHA256';

export function h2load(scratch: Scratch): LoadGenerator {
  const log = join(scratch.directory('h2load'), 'answers.tsv');
  const command = ({ url, connections, streams, seconds }: Target, ...more: string[]) => [
    ...[
      'h2load',
      '--threads',
      '1',
      '--clients',
      String(connections),
      '--max-concurrent-streams',
      String(streams),
    ],
    ...['--duration', ms(seconds), '--warm-up-time', ms(WARM_UP_SECONDS), '--tls13-ciphers', CIPHER],
    ...[...more, url],
  ];

  return {
    command: 'h2load',
    version: async () => /nghttp2\/(\S+)/.exec(await capture('h2load', '--version'))?.[1] ?? 'unknown',
    async warmUp(target, core) {
      await capture(...pinned(core, command({ ...target, seconds: 0.5 })));
    },
    async measure(target, core, measuring) {
      const child = Bun.spawn(pinned(core, command(target)), { stdout: 'pipe', stderr: 'inherit' });
      const edge = target.seconds * EDGE_SHARE;
      measuring(child.pid, (WARM_UP_SECONDS + edge) * 1000, (WARM_UP_SECONDS + target.seconds - edge) * 1000);
      const requestsPerSecond = parseRate(await child.stdout.text());

      rmSync(log, { force: true }); // h2load appends.
      const short = { ...target, seconds: Math.min(LATENCY_SECONDS, target.seconds) };
      parseRate(await capture(...pinned(core, command(short, '--log-file', log))));
      return { requestsPerSecond, ...parseLatency(readFileSync(log, 'utf8')) };
    },
  };
}

const ms = (seconds: number) => `${Math.round(seconds * 1000)}ms`;

/** Throws unless every answer was complete, successful, and protected as agreed. */
export function parseRate(output: string): number {
  const rate = Number(/^finished in .*?, ([\d.]+) req\/s/m.exec(output)?.[1]);
  const counts = /(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(output);
  if (!counts || !(rate > 0)) throw new Error(`h2load gave no figures:\n${output}`);
  const [done, succeeded] = [Number(counts[1]), Number(counts[2])];
  if (done !== succeeded) throw new Error(`${done - succeeded} failures among ${done} answers`);
  if (!output.includes(`Cipher: ${CIPHER}`)) throw new Error(`not protected with ${CIPHER}`);
  if (!output.includes('Application protocol: h2')) throw new Error('HTTP/2 was not agreed on');
  return rate;
}

/** Lines of: start, status, microseconds until the end. */
export function parseLatency(log: string): Pick<LoadResult, 'p50Micros' | 'p99Micros'> {
  const times = Float64Array.from(log.trimEnd().split('\n'), (line) =>
    Number(line.slice(line.lastIndexOf('\t') + 1)),
  );
  times.sort();
  return { p50Micros: percentile(times, 0.5), p99Micros: percentile(times, 0.99) };
}
