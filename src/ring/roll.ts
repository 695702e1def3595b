/**
 * The roll of a ring on the bus: each member writes down where it is reached, says so again every few seconds, and strikes
 * itself off when it leaves. What is written is signed, because clients' requests are sent to where it says.
 */
import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Bus } from '../bus.ts';
import type { Clock } from '../clock.ts';
import type { Member, Membership } from './membership.ts';

const renewMs = 5_000;

const record = z.object({
  name: z.string().min(1).max(256),
  address: z.string().min(1).max(512),
  capacity: z.number().positive().max(100),
  /** ms since the epoch, by the member's own clock: what others see is that it changes. */
  beat: z.number(),
  /** HMAC-SHA-256 of the above, base64url. */
  seal: z.string(),
});

export interface Roll {
  /** Strikes a member off that was found gone. */
  strike(name: string): void;
  /** Strikes off this one. Without the bus, the others find out by themselves. */
  close(): Promise<void>;
}

export interface RollOptions {
  readonly bus: Pick<Bus, 'view'>;
  /** Of the ring. */
  readonly name: string;
  readonly self: Member;
  readonly secret: () => string;
  readonly membership: Pick<Membership, 'announced' | 'left'>;
  readonly clock: Clock;
}

export function openRoll({ bus, name: ring, self, secret, membership, clock }: RollOptions): Roll {
  const view = bus.view(`ring-${ring}`);
  let isClosed = false;
  let cancel = () => {};
  renew();
  const subscription = view.watch({
    changed({ key, value }) {
      if (value === null) {
        // Somebody has taken this one for gone.
        if (key === self.name && !isClosed) write();
        else membership.left(key);
        return;
      }
      const said = read(value, ring, secret());
      if (said === null || said.member.name !== key || !isSafe(said.member)) return;
      membership.announced(said.member, said.beat);
    },
    // Who is not written down may be about to be: silence decides.
    caughtUp() {},
  });

  /** Where all members have TLS, what was written down without it is old, or brought back by somebody else. */
  function isSafe({ address }: Member): boolean {
    return !self.address.startsWith('https:') || address.startsWith('https:');
  }

  function renew(): void {
    cancel = clock.after(renewMs, renew);
    write();
  }

  function write(): void {
    const { name, address, capacity } = self;
    const said = { name, address, capacity, beat: clock.now() };
    // Cut off from the bus: the next time may do.
    view.put(name, { ...said, seal: seal(said, ring, secret()) }).catch(() => undefined);
  }

  return {
    strike(name) {
      // Where it does not come to that: others find it gone as well.
      view.delete(name).catch(() => undefined);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      cancel();
      subscription.close();
      // Without the bus, the others hear of it when they next ask for a sign of life.
      await view.delete(self.name).catch(() => undefined);
    },
  };
}

function read(value: unknown, ring: string, secret: string): { member: Member; beat: number } | null {
  const { data } = record.safeParse(value);
  if (data === undefined) return null;
  const { name, address, capacity, beat } = data;
  const expected = Buffer.from(seal(data, ring, secret));
  const given = Buffer.from(data.seal);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return { member: { name, address, capacity }, beat };
}

type Said = Omit<z.output<typeof record>, 'seal'>;

/** The first line keeps this use of the secret apart from all others. */
function seal({ name, address, capacity, beat }: Said, ring: string, secret: string): string {
  const signed = `meridian ring member 1\n${ring}\n${name}\n${address}\n${capacity}\n${beat}`;
  return new Bun.CryptoHasher('sha256', secret).update(signed).digest('base64url');
}
