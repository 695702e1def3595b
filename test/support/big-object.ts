/**
 * An upstream with objects of any size, whose bytes are made when they are asked for. It serves ranges, and counts the
 * requests and bytes that they cost. The size is part of the address: `/name?size=1000`.
 */
import { parseRange } from '../../src/http/range.ts';
import { startUpstream, type UpstreamAnswer, type UpstreamRequest } from './upstream.ts';

export interface BigObject extends AsyncDisposable {
  readonly url: string;
  requests(): number;
  sentBytes(): number;
  forget(): void;
  sizeOf(target: string): number;
  bytesOf(target: string, start: number, end: number): Buffer;
  /** How fast it sends whole objects from now on; `null`: as fast as it can. */
  pace(bytesPerSecond: number | null): void;
  /** From now on there is another version of everything. */
  change(): void;
}

export async function bigObject(fields: Record<string, string> = {}): Promise<BigObject> {
  let version = 1;
  let sent = 0;
  const upstream = await startUpstream(serve);

  function serve({ target, headers }: UpstreamRequest): UpstreamAnswer {
    const size = sizeOf(target);
    const common = {
      etag: `"v${version}"`,
      'cache-control': 'max-age=600',
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      ...fields,
    };
    if (headers.get('if-none-match') === common.etag) return { status: 304, headers: common };
    const condition = headers.get('if-range');
    const range = condition === null || condition === common.etag ? headers.get('range') : null;
    const ranges = range === null ? 'ignore' : parseRange(range, size);
    if (ranges === 'unsatisfiable') {
      return { status: 416, headers: { ...common, 'content-range': `bytes */${size}` } };
    }
    const [wanted = { start: 0, end: size - 1 }] = ranges === 'ignore' ? [] : ranges;
    const body = bytesOf(target, wanted.start, wanted.end);
    sent += body.length;
    if (ranges === 'ignore') return { headers: common, body };
    const contentRange = `bytes ${wanted.start}-${wanted.end}/${size}`;
    return { status: 206, headers: { ...common, 'content-range': contentRange }, body };
  }

  function bytesOf(target: string, start: number, end: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, end + 1 - start));
    const seed = target.length + version * 31;
    for (let at = 0; at < bytes.length; at++)
      bytes[at] = Math.imul((start + at) ^ seed, 2_654_435_761) >>> 24;
    return bytes;
  }

  return {
    url: upstream.url,
    requests: () => upstream.count(),
    sentBytes: () => sent,
    forget() {
      upstream.forget();
      sent = 0;
    },
    sizeOf,
    bytesOf,
    pace(bytesPerSecond) {
      const fault = bytesPerSecond === null ? null : ({ as: 'slow', bytesPerSecond } as const);
      upstream.fault(fault, ({ headers }) => !headers.has('range'));
    },
    change() {
      version++;
    },
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  };
}

function sizeOf(target: string): number {
  return Number(/size=(\d+)/.exec(target)?.[1] ?? 0);
}
