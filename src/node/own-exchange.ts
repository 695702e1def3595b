/** A request that nobody has sent: a question of the node's own. */
import { type Exchange, inOtherWords } from '../exchange.ts';

export interface OwnQuestion {
  readonly method: string;
  readonly target: string;
  readonly body: Uint8Array<ArrayBuffer> | null;
  readonly nowMs: number;
  readonly startedMs: number;
}

export function ownExchange({ method, target, body, nowMs, startedMs }: OwnQuestion): Exchange {
  const request = new Request(`http://meridian.invalid${target}`, { method });
  const own: Exchange = {
    ...{ request, headers: request.headers, method, target, path: target, query: '' },
    ...{ base: '', authority: '', id: crypto.randomUUID(), nowMs, startedMs, tier: null },
    client: () => '',
    body: () => body && new Blob([body]).stream(),
  };
  return inOtherWords(own, {});
}
