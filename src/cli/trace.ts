/**
 * `meridian trace`: sends a request as a client would, and shows its way through the network.
 */
import { systemClock } from '../clock.ts';
import { request } from '../http/client.ts';
import { formatTraceparent, newTrace, parseTraceparent } from '../http/trace-context.ts';
import { command } from './command.ts';
import { exit, UsageError } from './exit.ts';
import { jsonOption } from './settings.ts';
import { fieldsOf } from './trace/fields.ts';
import { waterfall } from './trace/waterfall.ts';
import { barsOf, wayOf } from './trace/way.ts';

const options = {
  url: { type: 'string', demandOption: true, describe: 'What to ask for, as clients use it' },
  keep: {
    type: 'boolean',
    describe: 'Marks the request as sampled (traceparent), so that nodes with a collector keep its trace',
  },
  head: { type: 'boolean', describe: 'Asks for the head alone' },
  header: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: "A field of the request, as in 'Accept-Encoding: br'; may be repeated",
  },
  timeout: { type: 'number', requiresArg: true, describe: 'Seconds to wait for each byte (default: 60)' },
  ...jsonOption,
} as const;

export default command(options, async (given) => {
  const { url, head = false, header = [], timeout = 60, json = false, keep = false } = given;
  if (!URL.canParse(url) || !/^https?:\/\//.test(url))
    throw new UsageError(`trace takes a URL that begins with http:// or https://, not ${url}`);
  if (!(timeout > 0)) throw new UsageError('--timeout takes a number of seconds above 0');
  const method = head ? 'HEAD' : 'GET';
  const fields = fieldsOf(header);
  const trace = parseTraceparent(fields.get('traceparent')) ?? newTrace(randomBytes, keep);
  if (!fields.has('traceparent')) fields.set('traceparent', formatTraceparent(trace));
  const seen = await ask(url, method, fields, timeout * 1000);
  const { status, headers, headMs, wholeMs, bytes } = seen;
  const steps = wayOf(headers);
  if (json) {
    const tiers = barsOf(headMs, steps);
    console.log(
      JSON.stringify(
        {
          ...{ url, method, status, headMs, wholeMs, bytes },
          ...{ id: headers.get('x-request-id'), trace: trace.traceId, tiers },
        },
        null,
        2,
      ),
    );
    return exit.ok;
  }
  console.log(
    `${method} ${url}: ${status}, ${bytes} bytes, head after ${ms(headMs)}, all after ${ms(wholeMs)}`,
  );
  if (steps.length === 0) {
    console.log('The answer has no Server-Timing: it did not come through a node.');
    return exit.ok;
  }
  console.log(`request ${headers.get('x-request-id') ?? 'without an id'}`);
  console.log(`trace ${trace.traceId}\n`);
  process.stdout.write(waterfall(headMs, steps));
  return exit.ok;
});

async function ask(url: string, method: string, headers: Headers, withinMs: number) {
  const began = systemClock.elapsed();
  const { signal } = new AbortController();
  const timeouts = { firstByteMs: withinMs, betweenBytesMs: withinMs };
  const answer = await request(url, { method, headers, timeouts, clock: systemClock, signal });
  const headMs = systemClock.elapsed() - began;
  let bytes = 0;
  const { body } = answer;
  if (body instanceof ReadableStream) for await (const chunk of body) bytes += chunk.length;
  else bytes = body?.length ?? 0;
  return {
    status: answer.status,
    headers: answer.headers,
    headMs,
    wholeMs: systemClock.elapsed() - began,
    bytes,
  };
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
