/**
 * Traffic that has nothing to do with an install, beside it: so many requests a second, whatever becomes of them, half for what is in the PoP's memory
 * and half for what nobody has asked for yet. A program of its own, which runs until it is told to stop (SIGTERM), and then writes down how long each took.
 *
 *     bun traffic.ts <address of the route> <requests per second>
 */
import type { CoreSet } from '../machine.ts';
import { pinned } from '../process.ts';
import type { Scratch } from '../scratch.ts';

const BYTES = 2000;
const TIMEOUT_MS = 20_000;

/** Times from the request to the last byte, ms, sorted. */
export interface Traffic {
  readonly hits: readonly number[];
  readonly misses: readonly number[];
  readonly failed: number;
}

export interface RunningTraffic {
  stop(): Promise<Traffic>;
}

export function startTraffic(
  scratch: Scratch,
  core: CoreSet,
  base: string,
  perSecond: number,
): RunningTraffic {
  const child = Bun.spawn(pinned(core, [process.execPath, import.meta.path, base, String(perSecond)]), {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  scratch.atEnd(() => child.kill());
  const said = child.stdout.text();
  return {
    async stop() {
      child.kill('SIGTERM');
      return JSON.parse(await said) as Traffic;
    },
  };
}

async function run(base: string, perSecond: number): Promise<void> {
  const session = Date.now().toString(36);
  const times = { hits: [] as number[], misses: [] as number[] };
  let failed = 0;
  const ask = async (name: string, into: number[]) => {
    const startedMs = performance.now();
    try {
      const response = await fetch(`${base}/objects/${BYTES}/${name}`, {
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.arrayBuffer();
      if (response.status === 200) into.push(performance.now() - startedMs);
      else failed++;
    } catch {
      failed++; // Counted, and said at the end.
    }
  };
  await ask(`hit-${session}`, []);
  const beganMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    // As many as are due, however late this comes: a slow answer does not thin the traffic out.
    const due = ((performance.now() - beganMs) / 1000) * perSecond;
    for (; sent < due; sent++) {
      if (sent % 2 === 0) void ask(`hit-${session}`, times.hits);
      else void ask(`miss-${session}-${sent}`, times.misses);
    }
  }, 5);
  await new Promise((resolve) => process.once('SIGTERM', resolve));
  clearInterval(timer);
  const sorted = (list: number[]) => list.sort((a, b) => a - b);
  console.log(JSON.stringify({ hits: sorted(times.hits), misses: sorted(times.misses), failed }));
  process.exit(0);
}

if (import.meta.main) {
  const [base = '', perSecond] = process.argv.slice(2);
  await run(base, Number(perSecond));
}
