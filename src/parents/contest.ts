/**
 * A question to one parent that another one is asked as well when the first takes longer than it mostly does
 * (a hedge). The first good answer is taken, and the other request called off.
 */
import { Leash } from '../http/client/leash.ts';
import type { Outcome, Question } from './attempt.ts';
import type { DueTask } from './due.ts';
import type { Member } from './member.ts';

export class Contest<Parent, Answer> implements DueTask {
  readonly #question: Question<Parent, Answer>;
  /** Whom to ask as well; `null` when there is nobody, or no room. */
  readonly #hedge: () => Member<Parent> | null;
  readonly #result = Promise.withResolvers<Outcome<Answer>>();
  readonly #open = new Set<Leash>();
  /** What is left when the other one fails as well. */
  #lesser: Outcome<Answer> | null = null;
  #isOver = false;

  constructor(question: Question<Parent, Answer>, hedge: () => Member<Parent> | null) {
    this.#question = question;
    this.#hedge = hedge;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Never rejects. */
  get result(): Promise<Outcome<Answer>> {
    return this.#result.promise;
  }

  ask(member: Member<Parent>): void {
    const leash = new Leash();
    this.#open.add(leash);
    void member.ask(this.#question, leash).then((outcome) => {
      this.#open.delete(leash);
      this.#ended(outcome);
    });
  }

  /** The first one has had its time. */
  due(): void {
    const other = this.#hedge();
    if (other) this.ask(other);
  }

  #ended(outcome: Outcome<Answer>): void {
    if (this.#isOver) {
      if (outcome.as === 'answer') this.#question.discard(outcome.answer);
      return;
    }
    const isGood = outcome.as === 'answer' && outcome.verdict === 'good';
    if (!isGood && this.#open.size > 0) {
      this.#lesser = outcome;
      return;
    }
    this.#isOver = true;
    for (const each of this.#open) each.pull(new Error('another parent was faster'));
    const { best, rest } = isGood ? { best: outcome, rest: this.#lesser } : better(outcome, this.#lesser);
    if (rest?.as === 'answer') this.#question.discard(rest.answer);
    this.#result.resolve(best);
  }
}

/** An answer, whatever it says, tells more than none. */
function better<Answer>(one: Outcome<Answer>, other: Outcome<Answer> | null) {
  return other?.as === 'answer' && one.as !== 'answer'
    ? { best: other, rest: one }
    : { best: one, rest: other };
}
