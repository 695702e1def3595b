/**
 * The public door: what a `meridian.config.ts` imports. It loads nothing else, so it costs nothing.
 */
export {
  defineNetwork,
  env,
  type KvInput,
  kv,
  type NetworkInput,
  type NpmInput,
  npm,
  type RouteInput,
  type WebInput,
  web,
} from './config/define.ts';
export type { Duration, Size } from './config/units.ts';
