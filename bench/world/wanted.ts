/** The options of the suites `world` and `tiers`, from the command line. */
import type { WorldWanted } from '../suite.ts';

const DEFAULT_ROUND_TRIPS = '10,65,165';
const DEFAULT_MEGABITS = '1000,200,200';
const DEFAULT_TRAFFIC = '50';

export const worldOptions = {
  rtt: { type: 'string', default: DEFAULT_ROUND_TRIPS },
  mbit: { type: 'string', default: DEFAULT_MEGABITS },
  'slow-start': { type: 'boolean', default: false },
  traffic: { type: 'string', default: DEFAULT_TRAFFIC },
  'warm-shield': { type: 'boolean', default: false },
} as const;

interface Given {
  readonly rtt: string;
  readonly mbit: string;
  readonly 'slow-start': boolean;
  readonly traffic: string;
  readonly 'warm-shield': boolean;
}

export function worldWanted(given: Given): WorldWanted {
  const trafficPerSecond = Number(given.traffic);
  if (!(trafficPerSecond >= 0 && trafficPerSecond <= 1000))
    throw new Error(
      `--traffic has to be a number of requests per second up to 1000, not "${given.traffic}".`,
    );
  return {
    roundTripsMs: three('rtt', 'milliseconds', given.rtt),
    megabits: three('mbit', 'Mbit/s', given.mbit),
    slowStart: given['slow-start'],
    trafficPerSecond,
    isShieldWarm: given['warm-shield'],
  };
}

/** From client to PoP, PoP to shield, shield to origin. */
function three(option: string, unit: string, text: string): readonly [number, number, number] {
  const numbers = text.split(',').map(Number);
  const [first = 0, second = 0, third = 0] = numbers;
  if (numbers.length !== 3 || numbers.some((each) => !(each > 0)))
    throw new Error(`--${option} has to be three numbers of ${unit}, such as 10,65,165, not "${text}".`);
  return [first, second, third];
}
