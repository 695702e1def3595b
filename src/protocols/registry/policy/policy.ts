/** The supply-chain policy of a route, at the origin. */
import type { OriginHome } from '../../../protocol.ts';
import { freeJudge, type Judge } from './judge-of.ts';

export interface Policy {
  judgeOf(name: string): Judge;
  ready(): Promise<void>;
  begin(home: OriginHome): void;
  close(): void;
}

export function openPolicy(..._: readonly unknown[]): Policy {
  return { judgeOf: () => freeJudge, ready: async () => {}, begin: () => {}, close: () => {} };
}

export function beginWithout(..._: readonly unknown[]): void {}
