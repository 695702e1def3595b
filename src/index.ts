/**
 * The public door: what a `meridian.config.ts` imports. It loads nothing else, so it costs nothing.
 */
export {
  defineNetwork,
  env,
  files,
  type NetworkInput,
  type NpmInput,
  npm,
  postgres,
  type RouteInput,
  s3,
  sqlite,
  type WebInput,
  web,
} from './config/define.ts';
export type { Duration, Size } from './config/units.ts';
