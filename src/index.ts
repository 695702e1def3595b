/**
 * The public door: what a `meridian.config.ts` imports. It loads nothing else, so it costs nothing.
 */
export {
  type BusInput,
  defineNetwork,
  env,
  files,
  type KvInput,
  kv,
  type LocalInput,
  local,
  type NatsInput,
  type NetworkInput,
  type NpmInput,
  nats,
  npm,
  oci,
  peer,
  postgres,
  type RedisInput,
  type RouteInput,
  redis,
  s3,
  sqlite,
  type WebInput,
  web,
} from './config/define.ts';
export type { Duration, Size } from './config/units.ts';
