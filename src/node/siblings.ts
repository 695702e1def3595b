/**
 * The siblings of a node: others of its role that may have what it has not yet, asked before its parents for what they
 * have. That costs them a look-up, and the asker a round trip; whatever comes of it, the parents are still there. So
 * nothing here is a failure of the request, or takes anything from the budget of retries.
 */
import { randomInt } from 'node:crypto';
import { discard } from '../cache/lead.ts';
import { remember } from '../cache/remember.ts';
import type { NodeConfig } from '../config/network.ts';
import type { Answer } from '../entry.ts';
import { Leash } from '../http/client/leash.ts';
import type { Ask } from '../parent.ts';
import type { Outcome, Question, Verdict } from '../parents/attempt.ts';
import type { CheckTimes } from '../parents/checks.ts';
import type { HealthLimits } from '../parents/health.ts';
import { type Member, member, type ParentStatus } from '../parents/member.ts';
import type { Log } from '../telemetry/log.ts';
import { absentStatus, siblingField } from './answer-sibling.ts';
import { type Checker, checkNode } from './check.ts';
import type { Route } from './routes.ts';
import { type AskedNode, type Asker, askTier } from './tier-request.ts';

export interface Sibling extends AskedNode {
  /** Until when it is asked, by `Clock.elapsed()`; infinity for always. */
  readonly untilMs: number;
}

export interface Siblings {
  /** What the first sibling that has it has sent; `null` when none has. Never rejects. */
  ask(ask: Ask, route: Route): Promise<Answer | null>;
  status(): readonly ParentStatus[];
  close(): void;
}

export interface SiblingsOptions {
  readonly siblings: readonly Sibling[];
  readonly asker: Asker;
  readonly checker: Checker;
  readonly health: HealthLimits;
  readonly check: CheckTimes;
  /** One that has not answered by then is checked, and the request goes on to the next. */
  readonly silentMs: NodeConfig['failover']['silentMs'];
  readonly log: Log;
}

/** Whoever asks again so soon for what a sibling has sent has not got it whole: then the parents are asked. */
const againMs = 30_000;
const maxNotes = 16_384;

export function siblings(options: SiblingsOptions): Siblings {
  const { checker, health, check, log } = options;
  const asker = { ...options.asker, storedOnly: true };
  const { clock } = asker;
  const sent = remember<true>(clock, maxNotes);
  const members = options.siblings.map((sibling) =>
    member<Sibling>({
      ...{ name: sibling.name, parent: sibling, health, check, clock },
      random: () => randomInt(2 ** 32) / 2 ** 32,
      sendCheck: (sibling, signal) => checkNode(sibling, checker, signal),
      changed: (_, state, trouble) => {
        const fields = { sibling: sibling.name, state };
        if (trouble !== null) log.info('a sibling is passed over', { ...fields, why: trouble });
        else log.info('a sibling is asked again', fields);
      },
      // The parents.
      hasOther: () => true,
    }),
  );

  /** Waits for its answer for so long, and no longer. */
  function patiently(one: Member<Sibling>, question: Question<Sibling, Answer>): Promise<Outcome<Answer>> {
    const leash = new Leash();
    const cancel = clock.after(options.silentMs, () => {
      leash.pull(new Error('a sibling takes too long'));
      void one.checks.now();
    });
    return one.ask(question, leash).finally(cancel);
  }

  return {
    async ask(ask, route) {
      const name = nameOf(ask);
      if (name === null || sent.get(name)) return null;
      const question: Question<Sibling, Answer> = {
        ...{ key: name, mayRepeat: true, mayHedge: false, signal: ask.signal },
        send: (sibling, leash) => askTier(ask, route.name, sibling, leash, asker),
        ...{ judge, discard },
      };
      for (const one of members) {
        if (!isUsable(one) || clock.elapsed() >= one.parent.untilMs || ask.signal.aborted) continue;
        const outcome = await patiently(one, question);
        if (outcome.as !== 'answer') continue;
        const { answer, verdict } = outcome;
        if (verdict === 'good' && answer.status !== absentStatus) {
          sent.note(name, true, againMs);
          answer.headers.delete(siblingField);
          return answer;
        }
        discard(answer);
      }
      return null;
    },
    status: () => members.map(({ status }) => status),
    close() {
      for (const { checks } of members) checks.close();
    },
  };
}

/** What a sibling may be asked for; `null`: what has to be confirmed, or is not kept, or not in a form for others. */
function nameOf({ exchange, named, stored, background, reload, part }: Ask): string | null {
  const { method, tier } = exchange;
  if (named.as !== 'resource' || named.rendered === true) return null;
  if (method !== 'GET' && method !== 'HEAD') return null;
  const toConfirm = stored !== null || background || reload || tier?.mustConfirm === true;
  return toConfirm ? null : `${method} ${part?.range ?? ''} ${named.key}`;
}

function judge({ headers }: Answer): Verdict {
  return headers.has(siblingField) ? 'good' : 'unable';
}

function isUsable({ health: { state } }: Member<Sibling>): boolean {
  return state === 'well' || state === 'returning';
}
