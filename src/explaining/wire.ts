/**
 * What origins and all other processes say to each other about requests that nobody sends. Both are views of the bus, with one
 * value for each who speaks, so that nothing heaps up: `questions` has what each origin asks just now, `explanations` what each
 * process has answered to whom, for a moment.
 */
import { z } from 'zod';
import { explainRequest, explanation } from '../messages/explanation.ts';

export const questionsView = 'questions';
export const answersView = 'explanations';

/** Different questions in one round: nodes of a kind are asked the same, or nearly so. */
export const maxQuestions = 32;

export const round = z.object({
  id: z.string().min(1).max(64),
  /** The origin's name. */
  from: z.string().min(1).max(256),
  questions: z
    .array(
      z.object({
        /** Nodes by name: each of their processes answers. */
        to: z.array(z.string()).max(10_000),
        request: explainRequest,
      }),
    )
    .max(maxQuestions),
});
export type Round = Readonly<z.output<typeof round>>;

export const told = z.object({
  /** Of the round. */
  id: z.string(),
  /** Of the process: a node's name, or a worker's. */
  worker: z.string(),
  explanation,
});
export type Told = Readonly<z.output<typeof told>>;

export function answerKey(asker: string, worker: string): string {
  return `${asker}/${worker}`;
}
