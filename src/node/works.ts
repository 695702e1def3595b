/**
 * Long work that an origin does when it is asked to, one piece at a time, each with its line in the audit log. What was done
 * is remembered while the origin runs.
 */

import type { Order, Work, Works as WorksApi } from '../access/api/order.ts';
import type { Actor } from '../access/register/actor.ts';
import type { AuditEvent } from '../access/register/audit.ts';
import type { Clock } from '../clock.ts';
import { MeridianError } from '../errors.ts';

/** Of each piece of work. */
const maxNotes = 1_000;
/** Pieces of work that are remembered. */
const remembered = 16;

/** How far it is, said by whoever does it. */
export interface Report {
  /** How many of what there are by now. */
  set(counts: Readonly<Record<string, number>>): void;
  count(what: string, more?: number): void;
  note(sentence: string): void;
  readonly signal: AbortSignal;
}

export interface Task {
  /** `storage.collect`, as the audit log calls it. */
  readonly what: string;
  /** What it is done to. */
  readonly subject: string;
  run(report: Report): Promise<void>;
}

export interface Works extends WorksApi {
  /** As `begin`; resolves when it has ended. @throws `conflict` while there is other work. */
  carryOut(task: Task, actor: Actor): Promise<Work>;
  close(): Promise<void>;
}

export interface WorksOptions {
  readonly taskFor: (order: Order) => Task;
  readonly audit: (event: AuditEvent) => Promise<void>;
  readonly clock: Clock;
  readonly warn: (message: string, fields: Record<string, unknown>) => void;
}

export function openWorks({ taskFor, audit, clock, warn }: WorksOptions): Works {
  const known = new Map<string, Work>();
  const closing = new AbortController();
  let current: { readonly work: Work; readonly ended: Promise<Work> } | null = null;

  function start(task: Task, actor: Actor): { readonly work: Work; readonly ended: Promise<Work> } {
    if (closing.signal.aborted) throw new MeridianError('overloaded', 'this origin is about to stop');
    if (current !== null)
      throw new MeridianError('conflict', `the origin is busy with ${current.work.what}, ${current.work.id}`);
    const work: Work = {
      ...{ id: crypto.randomUUID(), what: task.what, state: 'running', beganMs: clock.now(), endedMs: null },
      ...{ counts: {}, notes: [], error: null },
    };
    known.set(work.id, work);
    const [oldest] = known.keys();
    if (known.size > remembered && oldest !== undefined) known.delete(oldest);
    current = { work, ended: end(work, task, actor) };
    return current;
  }

  async function end(work: Work, task: Task, actor: Actor): Promise<Work> {
    try {
      await task.run(reportInto(work, closing.signal));
      work.state = 'done';
    } catch (thrown) {
      work.state = 'failed';
      work.error = reasonOf(thrown);
      warn('work on the stores has failed', { what: work.what, error: thrown });
    }
    work.endedMs = clock.now();
    current = null;
    const detail = { ...work.counts, ...(work.error !== null && { error: work.error }) };
    const event = { ...actor, what: work.what, subject: task.subject, detail, atMs: work.endedMs };
    await audit(event).catch((error) => warn('the audit log cannot be written', { error }));
    return work;
  }

  return {
    begin: (order, actor) => start(taskFor(order), actor).work,
    find: (id) => known.get(id) ?? null,
    carryOut: (task, actor) => start(task, actor).ended,
    async close() {
      closing.abort(new MeridianError('overloaded', 'the origin was stopped'));
      await current?.ended;
    },
  };
}

/** For an operator, who is on this machine: what a file system says is his to know. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof MeridianError) return thrown.detail;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function reportInto(work: Work, signal: AbortSignal): Report {
  return {
    signal,
    set(counts) {
      Object.assign(work.counts, counts);
    },
    count(what, more = 1) {
      work.counts[what] = (work.counts[what] ?? 0) + more;
    },
    note(sentence) {
      if (work.notes.length < maxNotes) work.notes.push(sentence);
    },
  };
}
