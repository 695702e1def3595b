/**
 * What tests of Meridian, and of what is built on it, are made with (`meridian/testing`): a clock to move,
 * builders, networks of real nodes, upstreams that misbehave, and real clients.
 */
export { type Asked, readAccessLog, tally } from './access-log.ts';
export { type AnswerOptions, answer, type ExchangeOptions, exchange, resource } from './builders.ts';
export { type Client, type ClientOptions, type ClientRun, clientSucceeds, runClient } from './client.ts';
export { type VirtualClock, virtualClock } from './clock.ts';
export {
  type NetworkOptions,
  type Seen,
  type Sketch,
  startNetwork,
  type TestNetwork,
  type TestNode,
} from './network.ts';
export { noise, noiseBytes, pack } from './package.ts';
export { freePort, freePorts } from './ports.ts';
export { countsMemory, type Memory, type Ran, type Running, runMeridian, startMeridian } from './process.ts';
export {
  type Publication,
  type Published,
  type Registry,
  type RegistryOptions,
  startRegistry,
} from './registry.ts';
export { type Temporary, temporary } from './temporary.ts';
export {
  type Fault,
  startUpstream,
  type Upstream,
  type UpstreamAnswer,
  type UpstreamRequest,
} from './upstream.ts';
export { eventually, type WaitOptions, within } from './wait.ts';
