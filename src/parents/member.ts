/**
 * One parent with everything that is known of it: its health, its pace, the requests that it owes an answer.
 */
import type { Clock } from '../clock.ts';
import { asMeridianError, MeridianError } from '../errors.ts';
import type { Leash } from '../http/client/leash.ts';
import { attempt, type Outcome, type Question } from './attempt.ts';
import { type Checks, type CheckTimes, checks } from './checks.ts';
import { type Health, type HealthLimits, type HealthState, health } from './health.ts';
import { latency } from './latency.ts';

/** For whoever looks at the node. */
export interface ParentStatus {
  readonly name: string;
  readonly healthy: boolean;
  readonly state: HealthState;
  /** Milliseconds until it has answered 95 of 100; `null` until enough is known. */
  readonly p95Ms: number | null;
  /** Sent to it so far, and how many of them it has failed; without checks. */
  readonly requests: number;
  readonly failures: number;
  /** Of these: because another one had failed, or took its time. */
  readonly retries: number;
  readonly hedges: number;
  /** How often it began to be passed over. */
  readonly ejections: number;
  /** Why it is passed over; `null` while it is well. */
  readonly trouble: string | null;
}

export interface Member<Parent> {
  readonly parent: Parent;
  readonly health: Health;
  readonly checks: Checks;
  readonly p95Ms: number | null;
  readonly status: ParentStatus;
  /** What it is about to be asked, another one was asked before, and has failed or takes its time. */
  noteExtra(as: 'retry' | 'hedge'): void;
  /** Milliseconds for which it has owed an answer, and given none at all; 0 when it owes none. */
  silentMs(): number;
  /**
   * Sends a question, and takes note of how it goes. Never rejects.
   *
   * @param leash by which it can be called off.
   */
  ask<Answer>(question: Question<Parent, Answer>, leash: Leash): Promise<Outcome<Answer>>;
}

export interface MemberOptions<Parent> {
  readonly name: string;
  readonly parent: Parent;
  readonly health: HealthLimits;
  readonly check: CheckTimes;
  readonly clock: Clock;
  readonly random: () => number;
  /** Rejects when the parent does not answer. */
  readonly sendCheck: (parent: Parent, signal: AbortSignal) => Promise<void>;
  /** @param trouble why, when it is passed over. */
  readonly changed: (member: Member<Parent>, state: HealthState, trouble: string | null) => void;
  /** Whether requests find another parent. Without one, a late answer is better than none. */
  readonly hasOther: (member: Member<Parent>) => boolean;
}

export function member<Parent>(options: MemberOptions<Parent>): Member<Parent> {
  const { name, parent, clock, random, sendCheck, changed, hasOther } = options;
  const pace = latency();
  const owed = new Set<Leash>();
  let quietSinceMs = 0;
  let requests = 0;
  let failures = 0;
  const extra = { retry: 0, hedge: 0 };
  let ejections = 0;
  let wasPassedOver = false;
  /** What counted last: where a connection is lost with many requests on it, all of them fail with the same error. */
  let counted: MeridianError | null = null;
  /** How it failed the last time. */
  let trouble = '';
  const state = health(options.health, clock, (now) => {
    if (isPassedOver(now) && !wasPassedOver) ejections++;
    wasPassedOver = isPassedOver(now);
    changed(self, now, wasPassedOver ? trouble : null);
    if (now === 'down') giveUp();
  });
  const checking = checks(options.check, {
    clock,
    random,
    isDown: () => state.state === 'down',
    send: (signal) => sendCheck(parent, signal),
    found(answered, late, why) {
      if (answered) quietSinceMs = clock.elapsed();
      else trouble = late ? 'it does not answer a check in time' : troubleOf(why);
      if (answered || !late || hasOther(self)) state.checked(answered);
    },
  });

  /** What it was asked goes to others. */
  function giveUp(): void {
    const reason = new MeridianError('upstream-unreachable', `${name} does not answer`);
    for (const each of owed) each.pull(reason);
  }

  function learn(outcome: Outcome<unknown>, startedMs: number, repeatable: boolean): void {
    if (outcome.as === 'off') return;
    const now = clock.elapsed();
    const isError = outcome.as === 'error';
    // Our own limits and mistakes say nothing about it.
    if (isError && (outcome.error.row.blame !== 'upstream' || !outcome.error.row.retryable)) return;
    const unable = isError || outcome.verdict === 'unable';
    if (!isError) {
      quietSinceMs = now;
      checking.heard();
    }
    if (unable) {
      failures++;
      trouble = isError ? troubleOf(outcome.error) : 'its answers say that it cannot do its work';
      if (isError && outcome.error === counted) return;
      counted = isError ? outcome.error : null;
      // No answer at all: a check tells whether it is there.
      if (!isError) state.failed();
      else void checking.now().then((answered) => answered && state.failed());
      return;
    }
    state.worked();
    if (repeatable) pace.note(now - startedMs);
  }

  const self: Member<Parent> = {
    parent,
    health: state,
    checks: checking,
    get p95Ms() {
      return pace.p95Ms;
    },
    get status() {
      const now = state.state;
      const away = isPassedOver(now);
      const { p95Ms } = pace;
      const { retry: retries, hedge: hedges } = extra;
      const sent = { requests, failures, retries, hedges, ejections };
      return { name, healthy: !away, state: now, p95Ms, ...sent, trouble: away ? trouble : null };
    },
    noteExtra(as) {
      extra[as]++;
    },
    silentMs: () => (owed.size === 0 ? 0 : clock.elapsed() - quietSinceMs),
    async ask(question, leash) {
      const startedMs = clock.elapsed();
      if (owed.size === 0) quietSinceMs = startedMs;
      requests++;
      owed.add(leash);
      const outcome = await attempt(question, parent, leash);
      owed.delete(leash);
      learn(outcome, startedMs, question.mayRepeat);
      return outcome;
    },
  };
  return self;
}

function isPassedOver(state: HealthState): boolean {
  return state === 'down' || state === 'ejected';
}

function troubleOf(thrown: unknown): string {
  return asMeridianError(thrown).detail;
}
