/**
 * An origin's questions to other processes about requests that nobody sends: one round after another, each no longer than it
 * takes until all that are to answer have done so, or until its time is up.
 */
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import { answersView, questionsView, type Round, type Told, told } from './wire.ts';

/** Who has not answered by then is named. */
const answerWithinMs = 2_000;
/** How often it is looked whether those that have not answered live. */
const lookMs = 100;
/** Rounds that wait for their turn. */
const maxWaiting = 16;

export type Answers = ReadonlyMap<string, Told['explanation']>;

export interface Asker {
  /**
   * @param isDone whether nobody is missing any more, by the processes that have answered.
   * @returns what each process has answered, by its name.
   * Fails with `overloaded` when too many wait, and with what the bus says when it cannot be reached.
   */
  ask(questions: Round['questions'], isDone: (answers: Answers) => boolean): Promise<Answers>;
  close(): void;
}

export interface AskerOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Of this origin. */
  readonly name: string;
}

interface Current {
  readonly id: string;
  readonly answers: Map<string, Told['explanation']>;
  look(): void;
}

export function openAsker({ bus, clock, name }: AskerOptions): Asker {
  const questions = bus.view(questionsView);
  let current: Current | null = null;
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();

  const watching = bus.view(answersView).watch({
    changed({ key, value }) {
      if (current === null || !key.startsWith(`${name}/`)) return;
      const { data } = told.safeParse(value);
      if (data === undefined || data.id !== current.id) return;
      current.answers.set(data.worker, data.explanation);
      current.look();
    },
    caughtUp: () => undefined,
  });

  async function round(asked: Round['questions'], isDone: (answers: Answers) => boolean): Promise<Answers> {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const answers: Current['answers'] = new Map();
    const dueMs = clock.elapsed() + answerWithinMs;
    let cancel = () => {};
    const look = () => {
      cancel();
      if (isDone(answers) || clock.elapsed() >= dueMs) end();
      else cancel = clock.after(lookMs, look);
    };
    const id = crypto.randomUUID();
    current = { id, answers, look };
    try {
      await questions.put(name, { id, from: name, questions: asked });
      look();
      await ended;
      return answers;
    } finally {
      cancel();
      current = null;
    }
  }

  /** What was asked may name what is nobody else's business; where the bus is gone, the next question takes its place. */
  const takeBack = () => questions.delete(name).catch(() => undefined);

  return {
    ask(asked, isDone) {
      if (waiting >= maxWaiting)
        throw new MeridianError('overloaded', 'too many ask what would become of requests', {
          retryAfterS: 2,
        });
      waiting++;
      const mine = last.then(() => round(asked, isDone)).finally(() => waiting--);
      last = mine.then(takeBack, takeBack);
      return mine;
    },
    close: () => watching.close(),
  };
}
