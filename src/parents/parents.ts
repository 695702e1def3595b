/**
 * Several parents that can do the same: asked in order of preference, the next one where one fails. What fails too
 * often is passed over for a while (`health.ts`); who is silent is checked at once, and what it owed goes to the next.
 */
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';
import { Leash } from '../http/client/leash.ts';
import type { Outcome, Question } from './attempt.ts';
import { type BudgetLimits, budget } from './budget.ts';
import type { CheckTimes } from './checks.ts';
import { Contest } from './contest.ts';
import { due } from './due.ts';
import type { HealthLimits, HealthState } from './health.ts';
import { type Member, member, type ParentStatus } from './member.ts';
import { inOrder } from './order.ts';

export interface ParentsOptions<Parent> {
  readonly parents: readonly { readonly name: string; readonly parent: Parent }[];
  readonly limits: ParentLimits;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Rejects when the parent does not answer. */
  readonly sendCheck: (parent: Parent, signal: AbortSignal) => Promise<void>;
  /** @param trouble why, when it is passed over. */
  readonly changed: (name: string, state: HealthState, trouble: string | null) => void;
}

export interface ParentLimits {
  readonly health: HealthLimits;
  readonly check: CheckTimes & {
    /** Silence, in milliseconds, after which one that owes answers is checked. */
    readonly silentMs: number;
  };
  readonly retries: BudgetLimits;
  readonly hedges: BudgetLimits & {
    /** A hedge is not sent sooner, however fast the parent is. */
    readonly afterMs: number;
  };
}

export interface Parents<Parent> {
  /** The first good answer; else the last one there was. Fails with a `MeridianError`, or the reason of the abort. */
  ask<Answer>(question: Question<Parent, Answer>): Promise<Answer>;
  status(): readonly ParentStatus[];
  close(): void;
}

export function openParents<Parent>(options: ParentsOptions<Parent>): Parents<Parent> {
  const { limits, clock, random, sendCheck, changed } = options;
  const retries = budget(limits.retries);
  const hedges = budget(limits.hedges);
  const late = due(clock);
  const members: readonly Member<Parent>[] = options.parents.map(({ name, parent }) =>
    member({
      ...{ name, parent, clock, random, sendCheck, health: limits.health, check: limits.check },
      changed: (_, state, trouble) => changed(name, state, trouble),
      hasOther: (self) => members.some((other) => other !== self && isUsable(other)),
    }),
  );
  let listening = false;

  /** One timer for all, while there is somebody to wait for. */
  function listen(): void {
    if (listening) return;
    listening = true;
    clock.after(limits.check.silentMs / 2, () => {
      listening = false;
      for (const each of members) {
        const silentMs = each.silentMs();
        if (silentMs > 0) listen();
        if (silentMs >= limits.check.silentMs) void each.checks.now();
      }
    });
  }

  /** Asks this one; and another one as well when it takes its time, if there is one. */
  function first<Answer>(
    question: Question<Parent, Answer>,
    candidate: Member<Parent>,
    others: Set<Member<Parent>>,
  ): Promise<Outcome<Answer>> {
    listen();
    const { p95Ms } = candidate;
    if (!question.mayHedge || others.size === 0 || p95Ms === null)
      return candidate.ask(question, new Leash());
    const running = new Contest(question, () => {
      for (const other of others) {
        if (!isUsable(other) || !hedges.spend(clock.elapsed())) return null;
        others.delete(other);
        other.noteExtra('hedge');
        return other;
      }
      return null;
    });
    running.ask(candidate);
    hedges.earn(clock.elapsed());
    late.add(Math.max(p95Ms, limits.hedges.afterMs), running);
    return running.result;
  }

  /** Whether another parent may be asked after this, and there is room for that. */
  function mayGoOn(failed: Outcome<unknown>): boolean {
    if (failed.as === 'error') {
      if (!failed.error.row.retryable) return false;
      // Nobody has done any work for it.
      if (failed.error.code === 'upstream-unreachable' || failed.error.code === 'overloaded') return true;
    }
    return failed.as !== 'off' && retries.spend(clock.elapsed());
  }

  /** With nobody else to ask, there is nothing to weigh: no order, no budget, no hedge. */
  async function askOnly<Answer>(question: Question<Parent, Answer>, only: Member<Parent>): Promise<Answer> {
    if (only.health.state === 'down' && !(await only.checks.now())) throw unreachable(only);
    listen();
    const outcome = await only.ask(question, new Leash());
    if (outcome.as === 'answer') return outcome.answer;
    throw outcome.as === 'error' ? outcome.error : calledOff(outcome.reason, question.signal);
  }

  async function askInOrder<Answer>(question: Question<Parent, Answer>): Promise<Answer> {
    retries.earn(clock.elapsed());
    const candidates = new Set(inOrder(members, question.key));
    let failed: Outcome<Answer> | null = null;
    for (const candidate of candidates) {
      candidates.delete(candidate);
      if (candidate.health.state === 'down') {
        // Somebody has answered: what is down would not have done better.
        if (failed?.as === 'answer') break;
        if (!(await candidate.checks.now())) {
          failed ??= { as: 'error', error: unreachable(candidate) };
          continue;
        }
      }
      if (failed?.as === 'answer') question.discard(failed.answer);
      if (failed !== null) candidate.noteExtra('retry');
      failed = await first(question, candidate, candidates);
      if (failed.as === 'answer' && failed.verdict === 'good') return failed.answer;
      if (failed.as === 'off') failed = { as: 'error', error: calledOff(failed.reason, question.signal) };
      if (!question.mayRepeat || candidates.size === 0 || !mayGoOn(failed)) break;
    }
    failed ??= { as: 'error', error: new MeridianError('upstream-unreachable', 'this node has no parent') };
    if (failed.as === 'answer') return failed.answer;
    throw failed.error;
  }

  const [only] = members;
  return {
    ask: only && members.length === 1 ? (question) => askOnly(question, only) : askInOrder,
    status: () => members.map(({ status }) => status),
    close() {
      for (const { checks } of members) checks.close();
    },
  };
}

function isUsable({ health }: Member<unknown>): boolean {
  const { state } = health;
  return state === 'well' || state === 'returning';
}

function unreachable({ status }: Member<unknown>): MeridianError {
  return new MeridianError('upstream-unreachable', `${status.name} does not answer`);
}

/** Called off because the parent is down: that is a failure like any other. By whoever asked: that is the end. */
function calledOff(reason: unknown, signal: AbortSignal): MeridianError {
  if (signal.aborted) throw reason;
  return reason instanceof MeridianError
    ? reason
    : new MeridianError('internal', 'called off', { cause: reason });
}
