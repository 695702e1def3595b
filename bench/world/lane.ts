/**
 * One direction of a link between two places: what is sent leaves at the link's rate, after what was there before it, and arrives
 * when the distance is behind it. All connections share the rate, turn by turn, in segments. Nothing is lost, and nothing overtakes
 * within a connection.
 *
 * A sender has a window as TCP has one: so much may be on its way without having been confirmed. It begins small, doubles with
 * each round trip that fills it (slow start), and begins anew after a rest, as Linux does unless it is told otherwise. So
 * what a fresh connection costs over a long way is paid here, too.
 */
import type { Clock } from '../../src/clock.ts';

export interface LaneOptions {
  readonly oneWayMs: number;
  readonly bytesPerSecond: number;
  /** Without it, each connection begins with the whole window. */
  readonly slowStart: boolean;
}

/** The side that bytes arrive at. It says with `Flow.taken` what has become of them. */
export interface Receiver {
  arrive(bytes: Uint8Array): void;
  /** The sender has ended its side. Nothing arrives any more. */
  ended(): void;
  /** The connection has been broken off. */
  broken(): void;
}

/** One direction of one connection. */
export interface Flow {
  /** Takes everything; `waiting` says how much has not left yet. */
  send(bytes: Uint8Array): void;
  /** After what was sent before. */
  end(): void;
  /** Ahead of what has not left yet, which is dropped: a reset does not wait. */
  breakOff(): void;
  /** The receiver has taken so many of the bytes that arrived: the sender learns it half a round trip later. */
  taken(bytes: number): void;
  readonly waiting: number;
}

export interface Lane {
  /**
   * @param fromMs nothing leaves before, by `Clock.elapsed`: the connection is being made.
   * @param drained called when less than `LOW_BYTES` wait.
   */
  open(fromMs: number, receiver: Receiver, drained: () => void): Flow;
}

/** Ten segments of an Ethernet frame (RFC 6928). */
export const FIRST_WINDOW_BYTES = 10 * 1460;
/** Linux's own limit of a sender's buffer (`net.ipv4.tcp_wmem`). */
export const LAST_WINDOW_BYTES = 4 * 2 ** 20;
/** What a connection sends in its turn. */
export const SEGMENT_BYTES = 16 * 1024;
export const LOW_BYTES = 64 * 1024;
/** What may wait at the link itself: a router with a short queue. The rest waits with its senders, and takes turns. */
const QUEUE_MS = 5;
/** A sender that rested for longer than this and a round trip begins with the first window (RFC 5681 §4.1). */
const REST_MS = 200;
/** Timers go by whole milliseconds: what is due within half of one is due. */
const EARLY_MS = 0.5;

interface State {
  readonly receiver: Receiver;
  readonly drained: () => void;
  readonly pending: Uint8Array[];
  waiting: number;
  onTheWay: number;
  window: number;
  lastSentMs: number;
  isOpen: boolean;
  isQueued: boolean;
  last: 'none' | 'ended' | 'broken';
  hasLeft: boolean;
}

interface Arrival {
  readonly dueMs: number;
  readonly act: () => void;
}

export function openLane({ oneWayMs, bytesPerSecond, slowStart }: LaneOptions, clock: Clock): Lane {
  /** In the order of time: the way is equally long for all. */
  const arrivals: Arrival[] = [];
  const confirmations: Arrival[] = [];
  /** Whose turn it is. */
  const turns: State[] = [];
  let freeMs = 0;
  let cancel: (() => void) | null = null;

  const first = slowStart ? FIRST_WINDOW_BYTES : LAST_WINDOW_BYTES;
  const mayLeave = (flow: State) =>
    flow.isOpen &&
    !flow.hasLeft &&
    ((flow.pending.length > 0 && flow.onTheWay < flow.window) ||
      (flow.pending.length === 0 && flow.last !== 'none'));

  function queue(flow: State): void {
    if (flow.isQueued || !mayLeave(flow)) return;
    flow.isQueued = true;
    turns.push(flow);
  }

  function move(): void {
    cancel?.();
    cancel = null;
    const nowMs = clock.elapsed() + EARLY_MS;
    for (const due of [confirmations, arrivals]) {
      while (due[0] !== undefined && due[0].dueMs <= nowMs) due.shift()?.act();
    }
    while (turns.length > 0 && freeMs - QUEUE_MS <= nowMs) {
      const flow = turns.shift();
      if (flow) leave(flow);
    }
    const next = Math.min(
      arrivals[0]?.dueMs ?? Number.POSITIVE_INFINITY,
      confirmations[0]?.dueMs ?? Number.POSITIVE_INFINITY,
      turns.length > 0 ? freeMs - QUEUE_MS : Number.POSITIVE_INFINITY,
    );
    if (next !== Number.POSITIVE_INFINITY)
      cancel ??= clock.after(Math.max(1, Math.round(next - clock.elapsed())), move);
  }

  function leave(flow: State): void {
    flow.isQueued = false;
    if (!mayLeave(flow)) return;
    const nowMs = clock.elapsed();
    const piece = nextPiece(flow, nowMs);
    freeMs = Math.max(freeMs, nowMs) + ((piece?.byteLength ?? 0) / bytesPerSecond) * 1000;
    if (piece) {
      flow.lastSentMs = nowMs;
      flow.onTheWay += piece.byteLength;
      flow.waiting -= piece.byteLength;
      if (flow.waiting < LOW_BYTES) flow.drained();
    } else {
      flow.hasLeft = true;
    }
    const { last, receiver } = flow;
    const act = piece
      ? () => receiver.arrive(piece)
      : () => (last === 'broken' ? receiver.broken() : receiver.ended());
    arrivals.push({ dueMs: freeMs + oneWayMs, act });
    queue(flow);
  }

  function nextPiece(flow: State, nowMs: number): Uint8Array | null {
    if (flow.onTheWay === 0 && nowMs - flow.lastSentMs > 2 * oneWayMs + REST_MS) flow.window = first;
    const head = flow.pending.shift();
    if (head === undefined) return null;
    const room = Math.max(1, Math.min(SEGMENT_BYTES, flow.window - flow.onTheWay));
    if (head.byteLength <= room) return head;
    flow.pending.unshift(head.subarray(room));
    return head.subarray(0, room);
  }

  function confirm(flow: State, bytes: number): void {
    // Only a window that is in use grows.
    const isUsed = flow.pending.length > 0 || flow.onTheWay * 2 > flow.window;
    if (isUsed) flow.window = Math.min(LAST_WINDOW_BYTES, flow.window + bytes);
    flow.onTheWay -= bytes;
    queue(flow);
  }

  return {
    open(fromMs, receiver, drained) {
      const flow: State = {
        ...{ receiver, drained, pending: [], waiting: 0, onTheWay: 0, window: first },
        ...{ lastSentMs: fromMs, isOpen: false, isQueued: false, last: 'none', hasLeft: false },
      };
      const begin = () => {
        flow.isOpen = true;
        flow.lastSentMs = clock.elapsed();
        queue(flow);
        move();
      };
      const wait = fromMs - clock.elapsed();
      if (wait > 0) clock.after(wait, begin);
      else begin();
      const asked = () => {
        queue(flow);
        move();
      };
      return {
        send(bytes) {
          if (flow.last !== 'none' || bytes.byteLength === 0) return;
          flow.pending.push(bytes);
          flow.waiting += bytes.byteLength;
          asked();
        },
        end() {
          if (flow.last === 'none') flow.last = 'ended';
          asked();
        },
        breakOff() {
          if (flow.last === 'broken') return;
          flow.last = 'broken';
          flow.hasLeft = false;
          flow.pending.length = 0;
          flow.waiting = 0;
          asked();
        },
        taken(bytes) {
          confirmations.push({ dueMs: clock.elapsed() + oneWayMs, act: () => confirm(flow, bytes) });
          move();
        },
        get waiting() {
          return flow.waiting;
        },
      };
    },
  };
}
