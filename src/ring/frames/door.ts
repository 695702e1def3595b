/**
 * Where the other workers of a node ask one of them: a socket in the folder of those over which they hand requests over. What is known
 * at once goes back at once, and together; all else when it is there, by turns.
 */
import type { Socket, UnixSocketListener } from 'bun';
import type { Clock } from '../../clock.ts';
import { maxInterim } from '../../http/envelope.ts';
import { emptyFrame, frameReader, kinds, version } from './frame.ts';
import { type Given, givenOf } from './given.ts';
import {
  interimFrame,
  mostHeadBytes,
  mostQuestionBytes,
  type Question,
  questionIn,
  roomIn,
} from './message.ts';
import { type Outbox, outbox } from './outbox.ts';
import { type Outgoing, outgoing } from './outgoing.ts';

export interface FrameDoorOptions {
  /** Of the socket. */
  readonly path: string;
  /** Whether what somebody says first shows that he is a worker of this node. All others are cut off. */
  readonly admits: (hello: string) => boolean;
  /** What is known at once had better be no promise. */
  readonly answer: (question: Question, asker: Asker) => Given | Promise<Response>;
  /** The answer to what `answer` has thrown, or what a body that should have been short has failed with. */
  readonly failed: (error: unknown) => Response;
  readonly clock: Clock;
}

/** Who waits for an answer. */
export interface Asker {
  /** Aborted when he has left, or his worker has. */
  readonly signal: () => AbortSignal;
  /** Something to tell him before the answer. */
  inform(status: number, headers: Headers): void;
}

export interface FrameDoor {
  /** Takes no more questions: they go another way. Those that have been taken are answered, for so long at most. */
  drain(graceMs: number): Promise<void>;
}

/** One of each worker, and one that it has just given up: far fewer in truth. */
const mostConnections = 512;
/** Questions of one worker without a whole answer. It keeps to fewer. */
const mostAnswers = 4096;
/** Of what is said beside answers. A worker that goes on asking though it takes nothing is cut off. */
const mostUnsentBytes = 1024 * 1024;
/** How often it is looked whether all has been said. */
const lookMs = 20;

interface Line {
  isAdmitted: boolean;
  readonly out: Outbox;
  readonly answers: Outgoing;
  /** Those that have no whole answer yet. */
  readonly asked: Map<number, Asked>;
  /** `false`: that makes no sense. */
  readonly read: (bytes: Buffer) => boolean;
}

interface Asked extends Asker {
  leave(): void;
}

/** Fails when it cannot listen there. */
export function openFrameDoor({ path, admits, answer, failed, clock }: FrameDoorOptions): FrameDoor {
  const lines = new Map<Socket, Line>();
  let isDraining = false;

  /** @returns whether that makes sense. */
  function ask(line: Line, id: number, question: Question): boolean {
    if (isDraining) return line.out.push(emptyFrame(kinds.otherwise, id, 0));
    if (line.asked.size >= mostAnswers || line.asked.has(id)) return false;
    const asker = askerOf(line, id);
    line.asked.set(id, asker);
    try {
      const given = answer(question, asker);
      if (given instanceof Promise) void begin(line, id, given);
      else line.answers.add(id, given, () => line.asked.delete(id));
    } catch (error) {
      void begin(line, id, Promise.reject(error));
    }
    return true;
  }

  /** When the answer is there. */
  async function begin(line: Line, id: number, answered: Promise<Response>): Promise<void> {
    const given = await answered.then(givenOf).catch((error) => givenOf(failed(error)));
    if (!line.asked.has(id) || given.head.head.length > mostHeadBytes) {
      given.body.stop();
      if (line.asked.delete(id)) line.out.push(emptyFrame(kinds.otherwise, id, 0));
    } else {
      line.answers.add(id, given, () => line.asked.delete(id));
    }
    line.out.flushSoon();
  }

  function lineTo(socket: Socket): Line {
    const answers = outgoing(() => out.flushSoon());
    const out = outbox(mostUnsentBytes, (bytes) => socket.write(bytes), answers.fill);
    const heard = (kind: number, id: number, body: Buffer): boolean => {
      if (!line.isAdmitted) {
        line.isAdmitted = kind === kinds.hello && isAdmitted(body.toString());
        return line.isAdmitted;
      }
      if (kind === kinds.leave) {
        line.asked.get(id)?.leave();
        return true;
      }
      const more = kind === kinds.room ? roomIn(body) : null;
      if (more !== null) answers.room(id, more);
      const question = kind === kinds.ask ? questionIn(body) : null;
      return question === null ? more !== null : ask(line, id, question);
    };
    const read = frameReader(mostQuestionBytes, heard);
    const line: Line = { isAdmitted: false, out, answers, asked: new Map(), read };
    return line;
  }

  function isAdmitted(hello: string): boolean {
    const mark = `${version} `;
    return hello.startsWith(mark) && admits(hello.slice(mark.length));
  }

  function closed(socket: Socket): void {
    for (const asker of [...(lines.get(socket)?.asked.values() ?? [])]) asker.leave();
    lines.delete(socket);
  }

  const listener: UnixSocketListener<undefined> = Bun.listen({
    unix: path,
    socket: {
      open(socket: Socket) {
        if (lines.size >= mostConnections) socket.terminate();
        else lines.set(socket, lineTo(socket));
      },
      data(socket: Socket, bytes: Buffer) {
        const line = lines.get(socket);
        if (line?.read(bytes) !== true) socket.terminate();
        else line.out.flush();
      },
      drain: (socket: Socket) => lines.get(socket)?.out.drained(),
      close: closed,
      error: (socket: Socket) => void socket.terminate(),
    },
  });

  return {
    async drain(graceMs) {
      isDraining = true;
      listener.stop();
      const untilMs = clock.elapsed() + graceMs;
      const isBusy = () => [...lines.values()].some(({ asked, out }) => asked.size > 0 || !out.isEmpty);
      while (isBusy() && clock.elapsed() < untilMs)
        await new Promise<void>((resolve) => void clock.after(lookMs, resolve));
      for (const socket of [...lines.keys()]) socket.end();
    },
  };
}

function askerOf({ asked, answers, out }: Pick<Line, 'asked' | 'answers' | 'out'>, id: number): Asked {
  let left: AbortController | null = null;
  let told = 0;
  return {
    signal() {
      left ??= new AbortController();
      return left.signal;
    },
    inform(status, headers) {
      const frame = ++told > maxInterim || !asked.has(id) ? null : interimFrame(id, status, headers);
      if (frame !== null && out.push(frame)) out.flushSoon();
    },
    leave() {
      asked.delete(id);
      answers.drop(id);
      left?.abort();
    },
  };
}
