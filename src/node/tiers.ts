/**
 * The parents of a PoP or a shield: other nodes of the network, in order of preference. `parents/` decides whom to ask.
 */
import { randomInt } from 'node:crypto';
import { discard } from '../cache/lead.ts';
import type { NodeConfig } from '../config/network.ts';
import type { Answer } from '../entry.ts';
import { MeridianError } from '../errors.ts';
import { hashOf, isCheckedAgainst, parseReprDigest, verified } from '../http/digest.ts';
import type { Ask, Parent, Way } from '../parent.ts';
import type { ParentStatus } from '../parents/member.ts';
import { openParents, type ParentLimits } from '../parents/parents.ts';
import type { Role } from '../protocol.ts';
import type { Log } from '../telemetry/log.ts';
import { isSafe } from './admit.ts';
import { checkNode } from './check.ts';
import { keepLanes } from './lanes.ts';
import type { Route } from './routes.ts';
import { type Sibling, siblings } from './siblings.ts';
import { type AskedNode, type Asker, askTier } from './tier-request.ts';
import { verdictOn } from './verdict.ts';
import { openWays } from './ways.ts';

export interface TierParent extends AskedNode {
  readonly role: Role;
}

export interface Tiers {
  /** Asks the parents for something of this route. */
  parent(route: Route): Parent;
  status(): readonly ParentStatus[];
  /** Tells a parent or a sibling that these traces are kept. Never rejects. */
  tellKept(node: string, traceIds: readonly string[]): Promise<void>;
  /** How full the way to the parents is; tried for a while from then on. `null`: nothing is known yet. */
  way(): Way | null;
  close(): void;
}

export interface TierOptions extends Omit<Asker, 'bounds'> {
  readonly parents: readonly TierParent[];
  /** Asked first, for what they have. */
  readonly siblings: readonly Sibling[];
  readonly failover: Failover;
  readonly log: Log;
  /** What is foreseen is asked of the parents, too: absent, it is not. */
  readonly foresees?: boolean;
}

type Failover = NodeConfig['failover'];

/** What is known to be larger is not asked for twice. */
const smallBytes = 1024 * 1024;

export function tiers(options: TierOptions): Tiers {
  const { failover, clock, log } = options;
  const asker: Asker = {
    ...options,
    bounds: { connections: failover.connections, waiting: failover.pending },
  };
  // A check has an end before that, which allows for a process that was held up itself.
  const checker = { ...asker, timeoutMs: 4 * failover.checkTimeoutMs };
  const limits = limitsOf(failover);
  const { health, check } = limits;
  const near = siblings({ ...options, asker, checker, health, check, silentMs: failover.silentMs });
  const parents = openParents<TierParent>({
    parents: options.parents.map((parent) => ({ name: parent.name, parent })),
    limits,
    clock,
    random: () => randomInt(2 ** 32) / 2 ** 32,
    sendCheck: (parent, signal) => checkNode(parent, checker, signal),
    changed(parent, state, trouble) {
      if (trouble !== null) log.warn('a parent is passed over', { parent, state, why: trouble });
      else log.info('a parent is asked again', { parent, state });
    },
  });

  const { foresees = false } = options;
  const lanes = keepLanes(options.parents, checker, { clock, foresees });
  const ways = foresees ? openWays(options.parents, checker, clock) : null;

  return {
    parent: (route) => async (ask) => {
      const { exchange, named, signal } = ask;
      const handed = options.siblings.length === 0 ? null : await near.ask(ask, route);
      if (handed) return verifiedAnswer(handed);
      // What changes something is sent once only, and so is a body: its bytes are gone after that.
      const mayRepeat = isSafe(exchange.method) && exchange.request.body === null;
      const answer = await parents.ask<Answer>({
        key: named.as === 'resource' ? named.key : exchange.target,
        mayRepeat,
        mayHedge: mayRepeat && isSmall(ask),
        signal,
        send: (parent, leash) => askTier(ask, route.name, parent, leash, asker),
        judge: verdictOn,
        discard,
      });
      return verifiedAnswer(answer);
    },
    status: () => [...near.status(), ...parents.status()],
    async tellKept(name, traceIds) {
      const node = [...options.parents, ...options.siblings].find((each) => each.name === name);
      if (node === undefined) return;
      const { signal } = new AbortController();
      await checkNode(node, checker, signal, traceIds).catch((error) =>
        log.debug('a node was not told which traces are kept', { node: name, error }),
      );
    },
    way: () => ways?.now() ?? null,
    close() {
      lanes.close();
      ways?.close();
      near.close();
      parents.close();
    },
  };
}

/** As far as is known; and somebody waits for it. */
function isSmall({ named, stored, background, isAhead, part }: Ask): boolean {
  return (
    named.as === 'resource' && !background && !isAhead && !part && (stored?.sizeBytes ?? 0) <= smallBytes
  );
}

function limitsOf(failover: Failover): ParentLimits {
  return {
    health: {
      failures: failover.failures,
      ejectMs: failover.ejectS * 1000,
      rampMs: failover.returnS * 1000,
    },
    check: {
      everyMs: failover.checkS * 1000,
      failingMs: failover.checkDownMs,
      timeoutMs: failover.checkTimeoutMs,
      silentMs: failover.silentMs,
    },
    retries: { percent: failover.retryPercent, atLeast: failover.retriesAtLeast },
    hedges: { percent: failover.hedgePercent, atLeast: 0, afterMs: failover.hedgeAfterMs },
  };
}

/** Every tier checks for itself that a body is what its digest says (RFC 9530). */
export function verifiedAnswer(answer: Answer): Answer {
  const { headers, body, status } = answer;
  const value = headers.get('repr-digest');
  const digest = value === null || status !== 200 ? undefined : parseReprDigest(value);
  if (!digest || body === null) return answer;
  const onMismatch = (actual: string) =>
    new MeridianError('digest-mismatch', `expected ${digest.algorithm} ${digest.value}, got ${actual}`);
  if (body instanceof ReadableStream) {
    // A stored blob is compared with its name as it is read.
    if (isCheckedAgainst(body, digest)) return answer;
    return { ...answer, body: verified(body, digest, onMismatch) };
  }
  const actual = hashOf(body, digest.algorithm);
  if (actual !== digest.value) throw onMismatch(actual);
  return answer;
}
