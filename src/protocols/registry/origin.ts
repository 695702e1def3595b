export type { Changing, Pulling, RegistryOrigin } from './ecosystem.ts';
