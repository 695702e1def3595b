/**
 * Where the other workers of a node ask one of them for what it has in memory: a socket in the folder of those over which they
 * hand requests over. An answer is known at once or not given here; those to what came together go back together.
 */
import type { Socket, UnixSocketListener } from 'bun';
import { frameReader, kinds } from './frame.ts';
import {
  answerFrame,
  type Given,
  mostAnswerBytes,
  mostQuestionBytes,
  type Question,
  questionIn,
} from './message.ts';
import { type Outbox, outbox } from './outbox.ts';

export interface FrameDoorOptions {
  /** Of the socket. */
  readonly path: string;
  /** Whether what somebody says first shows that he is a worker of this node. All others are cut off. */
  readonly admits: (hello: string) => boolean;
  readonly answer: (question: Question) => Given;
  /** Hears what `answer` has thrown. */
  readonly failed: (error: unknown) => void;
}

export interface FrameDoor {
  /** Cuts off all who ask: they go another way. */
  close(): void;
}

/** One of each worker, and one that it has just given up: far fewer in truth. */
const mostConnections = 512;
/** Of answers to one worker that its socket has not taken. Beyond that, it gets none with a body. */
const mostUnsentBytes = 4 * 1024 * 1024;
/** Room for those without one. A worker that goes on asking though it takes nothing is cut off. */
const roomForShortBytes = 256 * 1024;

interface Line {
  isAdmitted: boolean;
  readonly out: Outbox;
  /** `false`: that makes no sense. */
  readonly read: (bytes: Buffer) => boolean;
}

/** Fails when it cannot listen there. */
export function openFrameDoor({ path, admits, answer, failed }: FrameDoorOptions): FrameDoor {
  const lines = new Map<Socket, Line>();

  function given(question: Question, { queuedBytes }: Outbox): Given {
    if (queuedBytes + mostAnswerBytes > mostUnsentBytes) return 'otherwise';
    try {
      return answer(question);
    } catch (error) {
      failed(error);
      return 'otherwise';
    }
  }

  function lineTo(socket: Socket): Line {
    let isSense = true;
    const out = outbox(mostUnsentBytes + roomForShortBytes, (bytes) => socket.write(bytes));
    const heard = (kind: number, id: number, body: Buffer): boolean => {
      if (!line.isAdmitted) {
        line.isAdmitted = kind === kinds.hello && admits(body.toString());
        return line.isAdmitted;
      }
      const question = kind === kinds.ask ? questionIn(body) : null;
      return question !== null && out.push(answerFrame(id, given(question, out)));
    };
    const read = frameReader(mostQuestionBytes, (kind, id, body) => {
      if (isSense) isSense = heard(kind, id, body);
    });
    const line: Line = { isAdmitted: false, out, read: (bytes) => read(bytes) && isSense };
    return line;
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
      close: (socket: Socket) => void lines.delete(socket),
      error: (socket: Socket) => void socket.terminate(),
    },
  });

  return {
    close() {
      listener.stop(true);
      for (const socket of [...lines.keys()]) socket.terminate();
    },
  };
}
