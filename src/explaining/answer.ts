/**
 * A process's ear for questions of the origins. It answers only those that come from an origin of the network, no more than a
 * few a second, and takes its answers back after a moment.
 */
import type { Bus, Subscription } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { ExplainRequest, Explanation } from '../messages/explanation.ts';
import { bounded } from './bounded.ts';
import { answerKey, answersView, questionsView, round } from './wire.ts';

/** Answers in a second, to whomever: an origin asks three times for one look. */
const mostPerSecond = 30;
/** Whoever has asked has read it by then. */
const keptMs = 10_000;

export interface AnswerOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly self: { readonly node: string; readonly worker: string };
  /** Whether this is an origin of the network. */
  readonly mayAsk: (name: string) => boolean;
  readonly explain: (request: ExplainRequest) => Explanation;
  readonly log: { warn(message: string, fields: Record<string, unknown>): void };
}

export function answerQuestions(options: AnswerOptions): Subscription {
  const { bus, clock, self, mayAsk, explain, log } = options;
  const answers = bus.view(answersView);
  /** What was there already is from nobody knows when: its asker has long gone on. */
  let isListening = false;
  const seen = new Map<string, number>();
  let second = 0;
  let answered = 0;
  const takeBacks = new Map<string, () => void>();

  const watching = bus.view(questionsView).watch({
    changed({ key, value, revision }) {
      const isKnown = seen.get(key) === revision;
      if (!mayAsk(key)) return;
      seen.set(key, revision);
      if (isListening && !isKnown && value !== null) asked(key, value);
    },
    caughtUp() {
      isListening = true;
    },
  });

  function asked(asker: string, value: unknown): void {
    const { data } = round.safeParse(value);
    const question = data?.questions.find(({ to }) => to.includes(self.node));
    if (data === undefined || question === undefined || data.from !== asker || !mayAnswer()) return;
    const key = answerKey(asker, self.worker);
    try {
      const explanation = bounded(explain(question.request));
      // Cut off from the bus, there is nobody to tell.
      answers.put(key, { id: data.id, worker: self.worker, explanation }).catch(() => undefined);
    } catch (error) {
      log.warn('a request could not be explained', { error });
      return;
    }
    takeBacks.get(key)?.();
    takeBacks.set(
      key,
      clock.after(keptMs, () => takeBack(key)),
    );
  }

  function mayAnswer(): boolean {
    const now = Math.floor(clock.elapsed() / 1000);
    if (now !== second) [second, answered] = [now, 0];
    return ++answered <= mostPerSecond;
  }

  function takeBack(key: string): void {
    takeBacks.get(key)?.();
    takeBacks.delete(key);
    // Where the bus is gone, the next answer takes its place.
    answers.delete(key).catch(() => undefined);
  }

  return {
    close() {
      watching.close();
      for (const key of [...takeBacks.keys()]) takeBack(key);
    },
  };
}
