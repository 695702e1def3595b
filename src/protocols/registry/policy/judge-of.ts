/** What a policy says of the versions of one package, one after another, for whoever makes a document of them. */
import type { RuleFinding } from '../../verdict.ts';

export interface Judge {
  against(facts: {
    readonly version: string;
    readonly publishedMs: number | null;
  }): readonly RuleFinding[] | null;
  readonly mark: string;
  readonly untilMs: number | null;
}

export const freeJudge: Judge = { against: () => null, mark: '', untilMs: null };
