/**
 * `meridian ping`: how far the PoPs are from here, in real time: an address, a connection, TLS, the first byte, and how fast
 * bytes come. Told to them where that is asked for.
 */
import { readFileSync } from 'node:fs';
import { systemClock } from '../clock.ts';
import type { Network } from '../config/network.ts';
import { readableSize } from '../telemetry/readable.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { loadOrExplain } from './load.ts';
import { type Measurement, measure } from './ping/measure.ts';
import { jsonOption, loadOptions, networkOptions } from './settings.ts';
import { table } from './table.ts';

const options = {
  what: { type: 'string', array: true, describe: 'PoPs by name, or URLs (default: all PoPs of the network)' },
  count: {
    type: 'number',
    requiresArg: true,
    describe: 'How often each is asked; the median is shown (default: 5)',
  },
  timeout: { type: 'number', requiresArg: true, describe: 'Seconds to wait for each answer (default: 10)' },
  ca: {
    type: 'string',
    requiresArg: true,
    normalize: true,
    describe: 'PEM file of the authorities to believe, instead of those of the system',
  },
  report: { type: 'boolean', describe: 'Tells each PoP what was measured, as pages do' },
  ...networkOptions,
  ...jsonOption,
} as const;

/** What there is to measure with, where the network takes in real timings; elsewhere the answer that it is not there. */
const probePath = '/.meridian/rum/probe';
const beaconPath = '/.meridian/rum/beacon';

export default command(options, async (values) => {
  const { what = [], count = 5, timeout = 10, report = false, json = false } = values;
  const ca = values.ca === undefined ? undefined : readFileSync(values.ca, 'utf8');
  if (!Number.isInteger(count) || count < 1 || count > 50)
    throw new UsageError('--count takes a whole number from 1 to 50');
  if (!(timeout > 0)) throw new UsageError('--timeout takes a number of seconds above 0');
  const onlyUrls = what.length > 0 && what.every(isUrl);
  const loaded = onlyUrls ? null : await loadOrExplain({ ...loadOptions(values), here: [], dryRun: true });
  if (loaded === undefined) return exit.failure;
  const lines: Line[] = [];
  // One after the other: what is measured at the same time is measured in each other's way.
  for (const target of targetsOf(what, loaded?.network ?? null))
    lines.push(await lineOf(target, { count, timeoutMs: timeout * 1000, report, ca }));
  if (json) console.log(JSON.stringify(lines.map(jsonOf), null, 2));
  else process.stdout.write(shown(lines));
  return lines.every(({ problem }) => problem === null) ? exit.ok : exit.degraded;
});

interface Target {
  readonly name: string;
  readonly url: URL;
}

interface Line extends Target {
  readonly median: Measurement | null;
  readonly problem: string | null;
  /** `null`: that was not asked for. */
  readonly reported: boolean | null;
}

interface Asking {
  readonly count: number;
  readonly timeoutMs: number;
  readonly report: boolean;
  readonly ca: string | undefined;
}

const isUrl = (text: string) => /^https?:\/\//.test(text) && URL.canParse(text);

function targetsOf(what: readonly string[], network: Network | null): Target[] {
  const pops = Object.values(network?.nodes ?? {}).filter(({ role }) => role === 'pop');
  const wanted = what.length > 0 ? what : pops.map(({ name }) => name);
  return wanted.map((word) => {
    const address = isUrl(word) ? word : pops.find(({ name }) => name === word)?.url;
    if (address === undefined) {
      const known = pops.map(({ name }) => name).join(', ');
      throw new UsageError(`${word} is neither a URL nor a PoP of this network; there are: ${known}`);
    }
    const url = new URL(address);
    return { name: word, url: url.pathname === '/' ? new URL(probePath, url) : url };
  });
}

async function lineOf(target: Target, asking: Asking): Promise<Line> {
  const { count, timeoutMs, report, ca } = asking;
  const taken: Measurement[] = [];
  let problem: string | null = null;
  for (let round = 0; round < count && problem === null; round++) {
    try {
      taken.push(await measure(target.url, systemClock, AbortSignal.timeout(timeoutMs), ca));
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
  }
  const reported = report ? taken.length > 0 && (await tell(target, taken, asking)) : null;
  return { ...target, median: taken.length > 0 ? medianOf(taken) : null, problem, reported };
}

/** Of each time by itself. */
function medianOf(taken: readonly Measurement[]): Measurement {
  const [first] = taken;
  if (first === undefined) throw new Error('there is no median of nothing');
  const middle = (of: (each: Measurement) => number) =>
    taken.map(of).sort((a, b) => a - b)[Math.floor((taken.length - 1) / 2)] ?? 0;
  return {
    ...first,
    dnsMs: first.dnsMs === null ? null : middle(({ dnsMs }) => dnsMs ?? 0),
    connectMs: middle(({ connectMs }) => connectMs),
    tlsMs: first.tlsMs === null ? null : middle(({ tlsMs }) => tlsMs ?? 0),
    ttfbMs: middle(({ ttfbMs }) => ttfbMs),
    downloadMs: middle(({ downloadMs }) => downloadMs),
  };
}

/** @returns whether the PoP has taken it in. */
async function tell(
  { url }: Target,
  taken: readonly Measurement[],
  { timeoutMs, ca }: Asking,
): Promise<boolean> {
  const timings = taken.flatMap(({ pop, dnsMs, connectMs, tlsMs, ttfbMs, downloadMs, bytes }) =>
    pop === null
      ? []
      : [
          {
            ...{ pop, connect: connectMs, ttfb: ttfbMs, download: downloadMs, bytes },
            ...(dnsMs !== null && { dns: dnsMs }),
            ...(tlsMs !== null && { tls: tlsMs }),
          },
        ],
  );
  if (timings.length === 0) return false;
  try {
    const answer = await fetch(new URL(beaconPath, url), {
      method: 'POST',
      body: JSON.stringify({ v: 1, from: 'cli', timings }),
      signal: AbortSignal.timeout(timeoutMs),
      ...(ca !== undefined && { tls: { ca } }),
    });
    if (answer.status === 204) return true;
    console.error(
      `${url.host} does not take timings: ${answer.status} ${(await answer.text()).slice(0, 300)}`,
    );
  } catch (error) {
    console.error(`${url.host} was not told: ${error instanceof Error ? error.message : error}`);
  }
  return false;
}

function jsonOf({ name, url, median, problem, reported }: Line): unknown {
  return { name, url: url.href, ...median, bytesPerS: median && rateOf(median), problem, reported };
}

function rateOf({ bytes, downloadMs }: Measurement): number | null {
  return downloadMs > 0 && bytes > 0 ? Math.round((bytes / downloadMs) * 1000) : null;
}

const heading = ['pop', 'status', 'dns', 'connect', 'tls', 'first byte', 'download', 'rate'];

function shown(lines: readonly Line[]): string {
  const rows = lines.map(({ name, median, problem }) => {
    if (median === null) return [name, problem ?? '', '', '', '', '', '', ''];
    const { status, dnsMs, connectMs, tlsMs, ttfbMs, downloadMs } = median;
    const rate = rateOf(median);
    const times = [dnsMs, connectMs, tlsMs, ttfbMs, downloadMs].map((time) =>
      time === null ? '-' : `${time.toFixed(1)} ms`,
    );
    return [name, String(status), ...times, rate === null ? '-' : `${readableSize(rate)}/s`];
  });
  return table(heading, rows);
}
