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
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  const request = new Request(`http://meridian.invalid${target}`, { method });
  const own: Exchange = {
    ...{ request, headers: request.headers, method, target, path, query: target.slice(path.length) },
    ...{ base: '', authority: '', id: crypto.randomUUID(), nowMs, startedMs, tier: null },
    client: () => '',
    body: () => body && new Blob([body]).stream(),
  };
  return inOtherWords(own, {});
}
